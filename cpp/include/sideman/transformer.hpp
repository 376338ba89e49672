// A decoder-only transformer of Llama's or GPT-2's blocks, for several sequences at once: tokens go in,
// logits come out.
//
// Only inference belongs here: what tokens mean, what may not be drawn and how it is drawn is other people's
// business. A sequence's logits are bitwise the same alone and in a batch. After `load` nothing allocates,
// throws or locks. Sources: Touvron et al., "LLaMA", 2023; Ainslie et al., "GQA: training generalized
// multi-query transformer models", 2023; Radford et al., "Language models are unsupervised multitask
// learners", 2019. Names and shapes as in Hugging Face's LlamaForCausalLM and GPT2LMHeadModel.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <sideman/arena.hpp>
#include <sideman/cache.hpp>
#include <sideman/kernels.hpp>
#include <sideman/logs.hpp>
#include <sideman/matrix.hpp>
#include <sideman/rotation.hpp>
#include <sideman/safetensors.hpp>
#include <sideman/supply.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sideman {

enum class Blocks : std::uint8_t { llama, gpt2 };

// The fields of config.json that make a difference, under Hugging Face's names for Llama. GPT-2 has as many
// KV heads as heads, learned positions in place of turning ones, biases, and LayerNorm with this epsilon.
struct Config {
    Blocks blocks = Blocks::llama;
    std::size_t max_position_embeddings = 0;  // of GPT-2
    std::size_t vocab_size = 0, hidden_size = 0, intermediate_size = 0;
    std::size_t num_hidden_layers = 0, num_attention_heads = 0, num_key_value_heads = 0, head_dim = 0;
    float rms_norm_eps = 1e-5F;
    double rope_theta = 10000.0;
    bool tie_word_embeddings = true;
};

// How a model is run.
struct Running {
    std::size_t sequences = 16;
    std::size_t window = 512;   // tokens that a token sees, itself included
    std::size_t rollback = 64;  // tokens that may always be taken back, if there were as many
    bool int8 = false;          // weights in int8 rather than f32
    bool bf16_cache = true;
};

// `read` takes so many tokens at once, at least.
constexpr std::size_t least_rows = 16;
constexpr std::size_t most_cache_bytes = std::size_t{1} << 30U;

// What is wrong with a step; `sound` if nothing is.
enum class StepFault { sound, no_such_token, no_such_sequence, sequence_twice, no_position, not_finite };

class Transformer {
  public:
    // A model from a safetensors file; none, and what is wrong in `fault`, if anything is.
    static std::unique_ptr<Transformer> load(Bytes file, const Config& config, const Running& running,
                                             const Kernels& kernels, std::string& fault) {
        fault = check(config, running);
        std::vector<Tensor> tensors;
        if (fault.empty()) fault = safetensors::read(file, tensors);
        if (!fault.empty()) return nullptr;
        Supply supply(tensors);
        std::unique_ptr<Transformer> made(new Transformer(config, running, kernels));
        made->take(supply);
        fault = supply.fault();
        if (!fault.empty()) return nullptr;
        made->prepare();
        return made;
    }

    // One token each for several sequences; `logits_of` has then what comes next. Nothing advances on a
    // fault.
    StepFault step(std::span<const std::int32_t> sequences, std::span<const std::int32_t> tokens) {
        const StepFault fault = check(sequences, tokens, 1);
        if (fault != StepFault::sound) return fault;
        const std::size_t batch = tokens.size();
        for (std::size_t b = 0; b < batch; ++b) rows_[b] = place_of(sequences[b], 0);
        run(tokens);
        normalise(last_norm_, batch);
        head_.times(*kernels_, normed_, batch, logits_);
        for (std::size_t b = 0; b < batch; ++b) {
            if (!finite(b)) return StepFault::not_finite;
        }
        for (const std::int32_t sequence : sequences) cache_.advance(static_cast<std::size_t>(sequence), 1);
        return StepFault::sound;
    }
    // Many tokens of one sequence, some at once: the same bits as one after another, several times as fast.
    // `logits_of(0)` has then what comes next. On a fault that stands in the tokens nothing advances.
    StepFault read(std::int32_t sequence, std::span<const std::int32_t> tokens) {
        const StepFault fault = check({&sequence, 1}, tokens, tokens.size());
        if (fault != StepFault::sound) return fault;
        for (std::size_t from = 0; from < tokens.size(); from += rows_.size()) {
            const std::size_t batch = std::min(rows_.size(), tokens.size() - from);
            for (std::size_t b = 0; b < batch; ++b) rows_[b] = place_of(sequence, b);
            run(tokens.subspan(from, batch));
            std::copy_n(x_[batch - 1], x_.stride(), x_[0]);
            cache_.advance(static_cast<std::size_t>(sequence), static_cast<std::int64_t>(batch));
        }
        if (tokens.empty()) return StepFault::sound;
        normalise(last_norm_, 1);
        head_.times(*kernels_, normed_, 1, logits_);
        return finite(0) ? StepFault::sound : StepFault::not_finite;
    }
    // The logits of the b-th of the last step, float[vocab_size], until the next.
    std::span<const float> logits_of(std::size_t b) const { return {logits_[b], config_.vocab_size}; }

    std::int64_t length(std::size_t sequence) const { return cache_.length(sequence); }
    // The most tokens that `rollback` may take back now.
    std::int64_t reach(std::size_t sequence) const { return cache_.reach(sequence); }
    void rollback(std::size_t sequence, std::int64_t n) { cache_.rollback(sequence, n); }
    void reset(std::size_t sequence) { cache_.reset(sequence); }

    const Config& config() const { return config_; }
    const Running& running() const { return running_; }
    const Kernels& kernels() const { return *kernels_; }
    // What weights and cache take.
    std::size_t bytes() const { return 4 * (embedding_.size() + places_.size()) + taken_bytes_; }

  private:
    // Which token of which sequence a row of the batch is.
    struct Row {
        std::size_t sequence = 0;
        std::int64_t position = 0;
    };
    struct Norm {
        std::vector<float> weight, bias{};  // no bias: the root of the mean square, else LayerNorm
    };
    struct Layer {
        Norm attention_norm, feed_norm;
        Matrix qkv, out, gate_up, down;  // GPT-2 has no gate
    };

    Transformer(const Config& config, const Running& running, const Kernels& kernels)
        : config_(config), running_(running), kernels_(&kernels) {}

    static std::string check(const Config& c, const Running& r) {
        const auto within = [](const char* name, std::size_t n, std::size_t least, std::size_t most) {
            if (n >= least && n <= most) return std::string();
            return std::string(name) + " must be from " + std::to_string(least) + " to " +
                   std::to_string(most) + ", not " + std::to_string(n);
        };
        for (const std::string& fault :
             {within("vocab_size", c.vocab_size, 1, 1U << 20U),
              within("hidden_size", c.hidden_size, 1, 1U << 14U),
              within("intermediate_size", c.intermediate_size, 1, 1U << 16U),
              within("num_hidden_layers", c.num_hidden_layers, 1, 256),
              within("num_attention_heads", c.num_attention_heads, 1, 256),
              within("num_key_value_heads", c.num_key_value_heads, 1, c.num_attention_heads),
              within("head_dim", c.head_dim, 16, 256), within("sequences", r.sequences, 1, 256),
              within("window", r.window, 1, 1U << 16U), within("rollback", r.rollback, 0, 1U << 16U)}) {
            if (!fault.empty()) return fault;
        }
        if (c.num_attention_heads % c.num_key_value_heads != 0)
            return "num_attention_heads must be a multiple of num_key_value_heads";
        if (c.head_dim % 16 != 0)
            return "head_dim must be a multiple of 16, not " + std::to_string(c.head_dim);
        if (!(c.rms_norm_eps >= 0.0F && c.rms_norm_eps <= 1.0F)) return "rms_norm_eps must be from 0 to 1";
        if (c.blocks == Blocks::gpt2) {
            if (c.num_key_value_heads != c.num_attention_heads)
                return "GPT-2 has as many key and value heads as heads";
            if (c.hidden_size != c.num_attention_heads * c.head_dim)
                return "GPT-2's hidden_size must be num_attention_heads times head_dim";
            const std::string fault =
                within("max_position_embeddings", c.max_position_embeddings, 1, 1U << 16U);
            if (!fault.empty()) return fault;
        }
        if (!(c.rope_theta >= 1.0 && c.rope_theta <= 1e9)) return "rope_theta must be from 1 to 1e9";
        const std::size_t cache = r.sequences * c.num_hidden_layers * c.num_key_value_heads * c.head_dim *
                                  Cache::capacity(r.window, r.rollback) * (r.bf16_cache ? 4 : 8);
        if (cache > most_cache_bytes)
            return "the cache would take " + std::to_string(cache >> 20U) +
                   " MiB; at most 1024 are allowed: choose fewer sequences or a smaller window";
        return {};
    }

    void take(Supply& supply) {
        if (config_.blocks == Blocks::llama) {
            take_llama(supply);
        } else {
            take_gpt2(supply);
        }
    }
    void take_llama(Supply& supply) {
        const std::uint64_t width = config_.hidden_size;
        const std::uint64_t hidden = config_.intermediate_size;
        const std::uint64_t queries = config_.num_attention_heads * config_.head_dim;
        const std::uint64_t keys = config_.num_key_value_heads * config_.head_dim;
        embedding_ = supply.give("model.embed_tokens.weight", {config_.vocab_size, width});
        for (std::size_t i = 0; i < config_.num_hidden_layers && supply.sound(); ++i) {
            const std::string of = "model.layers." + std::to_string(i) + ".";
            const auto matrix = [&](const std::vector<std::pair<std::string, std::uint64_t>>& parts,
                                    std::uint64_t columns) {
                Matrix made(columns, running_.int8);
                for (const auto& [name, rows] : parts)
                    made.add(supply.give(of + name + ".weight", {rows, columns}));
                return made;
            };
            Layer layer;
            layer.attention_norm.weight = supply.give(of + "input_layernorm.weight", {width});
            layer.feed_norm.weight = supply.give(of + "post_attention_layernorm.weight", {width});
            layer.qkv = matrix(
                {{"self_attn.q_proj", queries}, {"self_attn.k_proj", keys}, {"self_attn.v_proj", keys}},
                width);
            layer.out = matrix({{"self_attn.o_proj", width}}, queries);
            layer.gate_up = matrix({{"mlp.gate_proj", hidden}, {"mlp.up_proj", hidden}}, width);
            layer.down = matrix({{"mlp.down_proj", width}}, hidden);
            layers_.push_back(std::move(layer));
        }
        last_norm_.weight = supply.give("model.norm.weight", {width});
        take_head(supply, "lm_head.weight");
    }
    void take_gpt2(Supply& supply) {
        const std::uint64_t width = config_.hidden_size;
        const std::uint64_t hidden = config_.intermediate_size;
        const std::string root = supply.has("wte.weight") ? "" : "transformer.";
        const auto matrix = [&](const std::string& name, std::uint64_t rows, std::uint64_t columns) {
            Matrix made(columns, running_.int8);
            made.add(supply.give_turned(name + ".weight", rows, columns));
            made.bias(supply.give(name + ".bias", {rows}));
            return made;
        };
        const auto norm = [&](const std::string& name) {
            return Norm{supply.give(name + ".weight", {width}), supply.give(name + ".bias", {width})};
        };
        embedding_ = supply.give(root + "wte.weight", {config_.vocab_size, width});
        places_ = supply.give(root + "wpe.weight", {config_.max_position_embeddings, width});
        for (std::size_t i = 0; i < config_.num_hidden_layers && supply.sound(); ++i) {
            const std::string of = root + "h." + std::to_string(i) + ".";
            Layer layer;
            layer.attention_norm = norm(of + "ln_1");
            layer.qkv = matrix(of + "attn.c_attn", 3 * width, width);
            layer.out = matrix(of + "attn.c_proj", width, width);
            layer.feed_norm = norm(of + "ln_2");
            layer.gate_up = matrix(of + "mlp.c_fc", hidden, width);
            layer.down = matrix(of + "mlp.c_proj", width, hidden);
            layers_.push_back(std::move(layer));
            supply.leave(of + "attn.bias");
            supply.leave(of + "attn.masked_bias");
        }
        last_norm_ = norm(root + "ln_f");
        if (config_.tie_word_embeddings) supply.leave("lm_head.weight");
        take_head(supply, "lm_head.weight");
    }
    void take_head(Supply& supply, const std::string& name) {
        const std::uint64_t width = config_.hidden_size;
        head_ = Matrix(width, running_.int8);
        head_.add(config_.tie_word_embeddings ? embedding_ : supply.give(name, {config_.vocab_size, width}));
    }
    // Room for all that a step works in.
    void prepare() {
        const std::size_t most = std::max(running_.sequences, least_rows);
        const std::size_t queries = config_.num_attention_heads * config_.head_dim;
        const std::size_t keys = config_.num_key_value_heads * config_.head_dim;
        x_ = Rows(most, config_.hidden_size);
        normed_ = Rows(most, config_.hidden_size);
        delta_ = Rows(most, config_.hidden_size);
        qkv_ = Rows(most, queries + 2 * keys);
        attended_ = Rows(most, queries);
        gate_up_ = Rows(most, 2 * round_up(config_.intermediate_size, rows_per_block));
        hidden_ = Rows(most, config_.intermediate_size);
        logits_ = Rows(most, config_.vocab_size);
        cache_ = Cache(running_.sequences, config_.num_hidden_layers, config_.num_key_value_heads,
                       config_.head_dim, running_.window, running_.rollback, running_.bf16_cache);
        std::size_t room = head_.room() + cache_.room();
        for (Layer& l : layers_) {
            for (const Matrix* matrix : {&l.qkv, &l.out, &l.gate_up, &l.down}) room += matrix->room();
        }
        arena_ = Arena(room);
        for (Layer& l : layers_) {
            for (Matrix* matrix : {&l.qkv, &l.out, &l.gate_up, &l.down}) matrix->settle(arena_);
        }
        head_.settle(arena_);
        cache_.settle(arena_);
        taken_bytes_ = room;
        rotation_ = Rotation(config_.head_dim, config_.rope_theta);
        scale_ = 1.0F / std::sqrt(static_cast<float>(config_.head_dim));
        const std::size_t group = config_.num_attention_heads / config_.num_key_value_heads;
        by_slot_.resize(group * cache_.capacity());
        by_age_.resize(by_slot_.size());
        taken_.resize(running_.sequences);
        rows_.resize(most);
    }

    // `ahead`: how many tokens each sequence is to go on by.
    StepFault check(std::span<const std::int32_t> sequences, std::span<const std::int32_t> tokens,
                    std::size_t ahead) {
        std::ranges::fill(taken_, false);
        for (const std::int32_t sequence : sequences) {
            if (sequence < 0 || static_cast<std::size_t>(sequence) >= taken_.size())
                return StepFault::no_such_sequence;
            if (taken_[static_cast<std::size_t>(sequence)]) return StepFault::sequence_twice;
            taken_[static_cast<std::size_t>(sequence)] = true;
            const auto past = static_cast<std::size_t>(length(static_cast<std::size_t>(sequence))) + ahead;
            if (config_.blocks == Blocks::gpt2 && past > config_.max_position_embeddings)
                return StepFault::no_position;
        }
        for (const std::int32_t token : tokens) {
            if (token < 0 || static_cast<std::size_t>(token) >= config_.vocab_size)
                return StepFault::no_such_token;
        }
        return StepFault::sound;
    }
    Row place_of(std::int32_t sequence, std::size_t ahead) const {
        const auto which = static_cast<std::size_t>(sequence);
        return {which, cache_.length(which) + static_cast<std::int64_t>(ahead)};
    }
    bool finite(std::size_t b) const {
        return std::ranges::all_of(logits_of(b), [](float logit) { return std::isfinite(logit); });
    }
    // All layers, for the tokens of `rows_`: x has then what the last norm and the head make logits of.
    void run(std::span<const std::int32_t> tokens) {
        const std::size_t batch = tokens.size();
        for (std::size_t b = 0; b < batch; ++b) {
            const float* const row =
                embedding_.data() + static_cast<std::size_t>(tokens[b]) * config_.hidden_size;
            std::copy_n(row, config_.hidden_size, x_[b]);
            if (config_.blocks == Blocks::gpt2) {
                const float* const place =
                    places_.data() + static_cast<std::size_t>(rows_[b].position) * config_.hidden_size;
                for (std::size_t i = 0; i < config_.hidden_size; ++i) x_[b][i] += place[i];
            }
        }
        for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
            const Layer& l = layers_[layer];
            normalise(l.attention_norm, batch);
            l.qkv.times(*kernels_, normed_, batch, qkv_);
            for (std::size_t b = 0; b < batch; ++b) attend(layer, b);
            l.out.times(*kernels_, attended_, batch, delta_);
            add_delta(batch);
            normalise(l.feed_norm, batch);
            l.gate_up.times(*kernels_, normed_, batch, gate_up_);
            const std::size_t hidden = round_up(config_.intermediate_size, rows_per_block);
            for (std::size_t b = 0; b < batch; ++b) {
                if (config_.blocks == Blocks::llama) {
                    kernels_->swiglu(gate_up_[b], gate_up_[b] + hidden, hidden_[b], hidden);
                } else {
                    gelu({gate_up_[b], config_.intermediate_size}, hidden_[b]);
                }
            }
            l.down.times(*kernels_, hidden_, batch, delta_);
            add_delta(batch);
        }
    }
    // normed = x / rms(x) * weight, or with a bias (x - mean) / deviation * weight + bias; what is added up
    // is added up in sixteen sums.
    void normalise(const Norm& norm, std::size_t batch) {
        const std::size_t width = norm.weight.size();
        for (std::size_t b = 0; b < batch; ++b) {
            float* const x = x_[b];
            float* const to = normed_[b];
            float mean = 0.0F;
            if (!norm.bias.empty()) {
                mean = summed(x, x_.stride(), [](float one) { return one; }) / static_cast<float>(width);
            }
            const float squares = summed(x, width, [mean](float one) { return (one - mean) * (one - mean); });
            const float scale = 1.0F / std::sqrt(squares / static_cast<float>(width) + config_.rms_norm_eps);
            for (std::size_t i = 0; i < width; ++i) to[i] = (x[i] - mean) * scale * norm.weight[i];
            for (std::size_t i = 0; i < norm.bias.size(); ++i) to[i] += norm.bias[i];
        }
    }
    template <typename Of>
    static float summed(const float* x, std::size_t n, Of of) {
        float sums[16] = {};
        std::size_t i = 0;
        for (; i + 16 <= n; i += 16) {
            for (std::size_t k = 0; k < 16; ++k) sums[k] += of(x[i + k]);
        }
        for (; i < n; ++i) sums[i % 16] += of(x[i]);
        float sum = 0.0F;
        for (const float one : sums) sum += one;
        return sum;
    }
    // x times the share of a normal distribution that lies below it, by GPT-2's formula with tanh.
    static void gelu(std::span<const float> from, float* to) {
        for (std::size_t i = 0; i < from.size(); ++i) {
            const float x = from[i];
            const float u = 0.79788456F * (x + 0.044715F * x * x * x);
            const float small = quick_exp(-2.0F * std::fabs(u));
            const float tanh = (1.0F - small) / (1.0F + small);
            to[i] = 0.5F * x * (1.0F + (u < 0.0F ? -tanh : tanh));
        }
    }
    void add_delta(std::size_t batch) {
        float* const x = x_[0];
        const float* const delta = delta_[0];
        for (std::size_t i = 0; i < batch * x_.stride(); ++i) x[i] += delta[i];
    }
    void attend(std::size_t layer, std::size_t b) {
        const auto [sequence, position] = rows_[b];
        const std::size_t group = config_.num_attention_heads / config_.num_key_value_heads;
        const std::size_t dim = config_.head_dim;
        float* const queries = qkv_[b];
        float* const keys = queries + config_.num_attention_heads * dim;
        const float* const values = keys + config_.num_key_value_heads * dim;
        const bool turns = config_.blocks == Blocks::llama;
        if (turns) rotation_.at(position);
        for (std::size_t head = 0; turns && head < config_.num_attention_heads; ++head)
            rotation_.turn(queries + head * dim);
        for (std::size_t i = 0; i < config_.num_attention_heads * dim; ++i) queries[i] *= scale_;
        for (std::size_t head = 0; head < config_.num_key_value_heads; ++head) {
            if (turns) rotation_.turn(keys + head * dim);
            cache_.put({sequence, layer, head}, position, keys + head * dim, values + head * dim);
            Attention a = cache_.seen({sequence, layer, head}, position);
            a.heads = group;
            a.queries = queries + head * group * dim;
            a.by_slot = by_slot_.data();
            a.by_age = by_age_.data();
            a.out = attended_[b] + head * group * dim;
            kernels_->attend(a);
        }
    }

    Config config_;
    Running running_;
    const Kernels* kernels_;
    Arena arena_;
    std::size_t taken_bytes_ = 0;
    std::vector<float> embedding_;  // [vocab_size][hidden_size]
    std::vector<float> places_;     // [max_position_embeddings][hidden_size], of GPT-2
    std::vector<Layer> layers_;
    Norm last_norm_;
    Matrix head_;
    Cache cache_;
    Rotation rotation_;
    float scale_ = 1.0F;
    Rows x_, normed_, delta_, qkv_, attended_, gate_up_, hidden_, logits_;
    std::vector<float> by_slot_, by_age_;
    std::vector<char> taken_;
    std::vector<Row> rows_;
};

}  // namespace sideman
