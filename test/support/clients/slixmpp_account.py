"""Logs in over STARTTLS with stream management, copies, archive and blocklist, and does what the lines of its input say.

Arguments: port, JID, password. What happens is told line by line.
"""

import asyncio
import ssl
import sys

import slixmpp

PLUGINS = ("xep_0030", "xep_0191", "xep_0198", "xep_0199", "xep_0280", "xep_0313")


class Account(slixmpp.ClientXMPP):
    def __init__(self, port, jid, password):
        super().__init__(jid, password)
        self.port = port
        # The server's certificate is one that it signed itself.
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        for plugin in PLUGINS:
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("session_resumed", lambda _: tell(f"resumed {self.boundjid.full}"))
        self.add_event_handler("sm_failed", lambda _: tell("not resumed"))
        self.add_event_handler("failed_all_auth", lambda _: tell("no login"))
        self.add_event_handler("message", self.received)
        self.add_event_handler("carbon_received", lambda one: copied("received", one["carbon_received"]))
        self.add_event_handler("carbon_sent", lambda one: copied("sent", one["carbon_sent"]))
        self.add_event_handler("stanza_acked", self.acknowledged)
        self.add_event_handler("disconnected", lambda _: tell("disconnected"))

    def enter(self):
        self.connect(address=("127.0.0.1", self.port))

    async def started(self, _):
        await self["xep_0280"].enable()
        self.send_presence()
        tell(f"online {self.boundjid.full}")

    def received(self, message):
        if message["body"]:
            tell(f"message {message['type']} {message['body']}")

    def acknowledged(self, stanza):
        if stanza.name == "message":
            tell(f"acknowledged {stanza['body']}")

    async def obey(self, word, *args):
        if word == "say":
            self.send_message(mto=args[0], mbody=args[1], mtype="chat")
        elif word == "cut":
            self.abort()
        elif word == "return":
            self.enter()
        elif word == "ask":
            self["xep_0198"].request_ack()
        elif word == "ping":
            await self["xep_0199"].ping(self.boundjid.domain)
            tell("pong")
        elif word == "block":
            await self["xep_0191"].block(args[0])
            answer = await self["xep_0191"].get_blocked()
            tell(f"blocked {' '.join(sorted(map(str, answer['blocklist']['items'])))}")
        elif word == "unblock":
            await self["xep_0191"].unblock(args[0])
            tell("unblocked")
        elif word == "archive":
            await self.tell_archive()
        elif word == "leave":
            await self.disconnect()
            self.loop.stop()

    async def tell_archive(self):
        found = []
        async for one in self["xep_0313"].iterate(rsm={"max": 2}):
            found.append(one["mam_result"]["forwarded"]["stanza"]["body"])
        tell(f"archive {','.join(found)}")


def copied(direction, message):
    tell(f"copy {direction} {message['body']}")


def tell(line):
    print(line, flush=True)


async def obey_input(account):
    while True:
        line = await account.loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        try:
            await account.obey(*line.rstrip("\n").split(" ", 2))
        except Exception as error:
            tell(f"failed {line.strip()}: {error!r}")


port, jid, password = sys.argv[1:]
account = Account(int(port), jid, password)
account.enter()
account.loop.create_task(obey_input(account))
account.loop.run_forever()
