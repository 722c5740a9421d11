"""Logs in over STARTTLS, adds a contact, waits for its message, answers it.

Arguments: port, JID, password, contact. What happens is told line by line.
"""

import asyncio
import ssl
import sys

import slixmpp


class Chat(slixmpp.ClientXMPP):
    def __init__(self, jid, password, contact):
        super().__init__(jid, password)
        self.contact = contact
        # The server's certificate is one that it signed itself.
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.auto_authorize = True
        self.auto_subscribe = True
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", self.received)
        self.add_event_handler("failed_all_auth", lambda _: tell("no login"))
        self.add_event_handler("disconnected", lambda _: self.loop.stop())

    async def started(self, _):
        tell(f"tls {self.transport.get_extra_info('ssl_object') is not None}")
        self.send_presence()
        await self.get_roster()
        self.send_presence_subscription(pto=self.contact, ptype="subscribe")
        tell(f"online {self.boundjid.full}")

    def received(self, message):
        if message["type"] in ("chat", "normal"):
            tell(f"message {message['body']}")
            message.reply(f"you said: {message['body']}").send()
            tell(f"roster {' '.join(sorted(self.client_roster.keys()))}")
            self.disconnect()


def tell(line):
    print(line, flush=True)


port, jid, password, contact = sys.argv[1:]
chat = Chat(jid, password, contact)
chat.connect(address=("127.0.0.1", int(port)))
asyncio.get_event_loop().run_forever()
