// A seat in a session of the sideman server: it takes the seat, keeps it, speaks, and hands on what the server says.
// What is played, and with which sound, is the caller's.
//
// All that sclang sends leaves from one port, and the server knows performers by port: one seat per sclang.

Sideman {
	classvar <>defaultPort = 7117;

	var <name, <addr, <token, <session, <kind;
	var <joined = false, <key, <players;
	var <>pingEvery = 2, <>silence = 10;  // seconds: between pings; without an answer until it joins again
	var <>onJoined, <>onLost, <>onNote, <>onOff, <>onState, <>onPerformer, <>onPerformerNote;
	var <>onError, <>onNotice, <>onMessage;
	var ear, keeper, atShutDown, answered, tries = 0, unsent = false;

	*initClass {
		StartUp.add {
			Event.addEventType(\sideman, {
				var seat = ~sideman, seconds = ~sustain.value / thisThread.clock.tempo;
				[~midinote.value, (~amp.value * 127).clip(1, 127), seconds, ~channel ? 1].flop.do { |each|
					seat.note(*each)
				}
			})
		}
	}

	*new { |name = "sc", host = "127.0.0.1", port, token = "-", session = "main", kind = "human"|
		^super.new.init(name, NetAddr(host, port ? defaultPort), token, session, kind)
	}

	init { |argName, argAddr, argToken, argSession, argKind|
		name = argName.asString;
		addr = argAddr;
		token = argToken;
		session = argSession;
		kind = argKind;
		players = IdentityDictionary.new;
		onError = { |address, what, cure| "sideman: %: % (%)".format(address, what, cure).warn };
		onNotice = { |address, what| "sideman: %: %".format(address, what).postln };
	}

	// Take the seat, and from now on keep it.
	join {
		if (ear.isNil) {
			ear = { |msg, time, from| if (from == addr) { this.prHear(msg) } };
			thisProcess.addOSCRecvFunc(ear);
			atShutDown = { this.leave };
			ShutDown.add(atShutDown);
		};
		answered = -inf;
		tries = 0;
		this.prSayJoin;
		// A SkipJack goes on after Cmd-. (CmdPeriod).
		keeper ?? { keeper = SkipJack({ this.prKeep }, { pingEvery }, name: "sideman") };
	}

	// Give the seat up; the server ends the notes that it holds.
	leave {
		this.prGiveUp;
		this.sendMsg('/leave');
	}

	// Leave, and hear nothing any more.
	free {
		this.leave;
		thisProcess.removeOSCRecvFunc(ear);
		ShutDown.remove(atShutDown);
		ear = nil;
	}

	// Say any command of the protocol. The server knows numbers and strings only.
	sendMsg { |address ... args|
		args = args.collect { |each|
			case
			{ each.isNumber or: { each.isKindOf(Symbol) } or: { each.isString } } { each }
			{ each.isKindOf(Boolean) } { each.binaryValue }
			{ each.asString }
		};
		try {
			addr.sendMsg(address, *args);
			unsent = false;
		} { |error|
			// The network is away: the keeper joins again when it is back.
			if (unsent.not) { "sideman: cannot reach %: %".format(addr, error.errorString).warn };
			unsent = true;
		}
	}

	// With a duration in seconds the note ends by itself, without one by `noteOff`.
	note { |pitch = 60, velocity = 90, duration = 0, channel = 1|
		this.sendMsg('/note', pitch, velocity, channel, duration * 1000)
	}

	noteOff { |pitch = 60, channel = 1|
		this.sendMsg('/note', pitch, 0, channel)
	}

	printOn { |stream|
		stream << "Sideman(" << name << ", " << addr.ip << ":" << addr.port << ")"
	}

	// A token of the caller's always; without one, the seat's key and none in turn: the key proves the seat when we
	// come from another address, but a server that was started anew does not know it.
	prSayJoin {
		var shown = if (token == "-" and: { key.notNil } and: { tries.even }) { key } { token };
		tries = tries + 1;
		this.sendMsg('/join', name, 0, shown, session, kind);
	}

	prKeep {
		if (this.prSilentFor <= silence) {
			this.sendMsg('/ping');
		} {
			this.prLose;
			this.prSayJoin;
		}
	}

	prSilentFor { ^Main.elapsedTime - answered }

	prLose {
		if (joined) {
			joined = false;
			onLost.value(this);
		}
	}

	prGiveUp {
		keeper !? { keeper.stop };
		keeper = nil;
		joined = false;
		players.clear;
	}

	prHear { |msg|
		var parts = msg[0].asString.split($/).collect(_.asSymbol);
		var args = msg.drop(1);
		switch(parts[1],
			\player, { this.prHearPlayer(parts[2], parts[3], args) },
			\performer, {
				switch(parts[3],
					\state, { onPerformer.value(args[0], parts[2]) },
					\note, { onPerformerNote.value(*(args.keep(3) ++ parts[2])) }
				)
			},
			\pong, { answered = Main.elapsedTime },
			\joined, { if (args[0] == name.asSymbol) { this.prWelcome(args) } },
			\challenge, { this.sendMsg('/confirm', args[0]) },
			\lapsed, { if (args[0] == name.asSymbol) { this.prLapsed } },
			\error, {
				// The server was restarted and does not know us: join again with the next round.
				if (args[0] == '/ping') { answered = -inf } { onError.value(*args.keep(3)) }
			},
			\notice, { onNotice.value(*args.keep(2)) }
		);
		onMessage.value(*msg);
	}

	prHearPlayer { |player, what, args|
		switch(what,
			\note, { onNote.value(args[0], args[1], args[2] / 1000, args[3], args[4], player) },
			\off, { onOff.value(*(args.keep(3) ++ player)) },
			\state, {
				if (args[0] == \gone) { players.removeAt(player) } { players[player] = args };
				onState.value(*(args.keep(3) ++ player));
			}
		)
	}

	prWelcome { |args|
		key = args[3];
		answered = Main.elapsedTime;
		tries = 0;
		joined = true;
		onJoined.value(this);
	}

	// The lease can't have run out when a ping was answered a moment ago: somebody took the seat over, and joining
	// again would be a tug of war. Otherwise the next ping revives the seat.
	prLapsed {
		if (keeper.notNil and: { this.prSilentFor < 15 }) {
			this.prLose;
			this.prGiveUp;
			"sideman: % has been taken over; to have it back: .join".format(name).warn;
		}
	}
}
