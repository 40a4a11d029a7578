"""Mails that come back, as mail servers write them; the words are made up, the forms are theirs."""

import base64
from collections.abc import Callable

SENDER = "seuil@durand.example"


def _mail(text: str) -> bytes:
    return text.lstrip("\n").replace("\n", "\r\n").encode()


def postfix(to: str, message_id: str, *, original: str | None = None) -> bytes:
    """Postfix: the head of the letter alone; an unknown user."""
    return _mail(f"""
Return-Path: <>
Date: Mon, 23 Nov 2026 08:00:14 +0100 (CET)
From: MAILER-DAEMON@mx1.durand.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {SENDER}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="8E1B240A11.1795417214/mx1.durand.example"
Content-Transfer-Encoding: 8bit
Message-Id: <20261123070014.9A2C440A12@mx1.durand.example>

This is a MIME-encapsulated message.

--8E1B240A11.1795417214/mx1.durand.example
Content-Description: Notification
Content-Type: text/plain; charset=utf-8

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<{to}>: host mail.durand.example[192.0.2.7] said: 550 5.1.1 <{to}>:
    Recipient address rejected: User unknown in virtual mailbox table (in
    reply to RCPT TO command)

--8E1B240A11.1795417214/mx1.durand.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.durand.example
X-Postfix-Queue-ID: 8E1B240A11
X-Postfix-Sender: rfc822; {SENDER}
Arrival-Date: Mon, 23 Nov 2026 08:00:12 +0100 (CET)

Final-Recipient: rfc822; {to}
Original-Recipient: rfc822;{original or to}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.durand.example
Diagnostic-Code: smtp; 550 5.1.1 <{to}>: Recipient address
    rejected: User unknown in virtual mailbox table

--8E1B240A11.1795417214/mx1.durand.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 8bit

Return-Path: <{SENDER}>
From: Seuil <{SENDER}>
To: {to}
Subject: Menuiserie Aubrac: nothing new
Message-ID: <{message_id}>

--8E1B240A11.1795417214/mx1.durand.example--
""")


def exchange(to: str, message_id: str) -> bytes:
    """Microsoft 365: HTML, the letter whole, an address its directory does not know."""
    told = base64.b64encode(b"<html><body><p>Your message couldn't be delivered.</p></body></html>").decode()
    return _mail(f"""
From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@durand.example>
To: <{SENDER}>
Date: Mon, 23 Nov 2026 07:00:20 +0000
Content-Type: multipart/report; report-type=delivery-status;
	boundary="_c0ffee00-0001-4000-8000-000000000001_"
Content-Language: en-GB
Message-ID: <c0ffee00-0002-4000-8000-000000000002@PR0P264MB0001.FRAP264.PROD.OUTLOOK.COM>
In-Reply-To: <{message_id}>
References: <{message_id}>
Subject: Undeliverable: Menuiserie Aubrac: nothing new
Auto-Submitted: auto-replied
X-MS-Exchange-Message-Is-Ndr:
MIME-Version: 1.0

--_c0ffee00-0001-4000-8000-000000000001_
Content-Type: multipart/alternative; differences=Content-Type;
	boundary="_c0ffee00-0003-4000-8000-000000000003_"

--_c0ffee00-0003-4000-8000-000000000003_
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Delivery has failed to these recipients or groups:

{to}<mailto:{to}>
The email address you entered couldn't be found.

--_c0ffee00-0003-4000-8000-000000000003_
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: base64

{told}

--_c0ffee00-0003-4000-8000-000000000003_--

--_c0ffee00-0001-4000-8000-000000000001_
Content-Type: message/delivery-status

Reporting-MTA: dns;PR0P264MB0001.FRAP264.PROD.OUTLOOK.COM
Received-From-MTA: dns;mx1.durand.example
Arrival-Date: Mon, 23 Nov 2026 07:00:18 +0000

Final-Recipient: rfc822;{to}
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {to} not found by SMTP address lookup


--_c0ffee00-0001-4000-8000-000000000001_
Content-Type: message/rfc822

Received: from mx1.durand.example (192.0.2.4) by PR0P264MB0001.FRAP264.PROD.OUTLOOK.COM
 with Microsoft SMTP Server id 15.20.1.1; Mon, 23 Nov 2026 07:00:18 +0000
From: Seuil <{SENDER}>
To: <{to}>
Subject: Menuiserie Aubrac: nothing new
Message-ID: <{message_id}>
Content-Type: text/plain; charset="us-ascii"

The verdict has held since July.

--_c0ffee00-0001-4000-8000-000000000001_--
""")


def gmail(to: str, message_id: str) -> bytes:
    """Gmail: a picture beside the text, an answer in several lines, the address in a header of its own."""
    return _mail(f"""
MIME-Version: 1.0
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: {SENDER}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
X-Failed-Recipients: {to}
References: <{message_id}>
In-Reply-To: <{message_id}>
Message-ID: <6740f1a2.170a0220.2c1f5e.0a3b.GMR@mx.google.com>
Date: Sun, 22 Nov 2026 23:00:15 -0800 (PST)
Content-Type: multipart/report; boundary="00000000000049d1e00627a1b2c3"; report-type=delivery-status

--00000000000049d1e00627a1b2c3
Content-Type: multipart/related; boundary="00000000000049d5a60627a1b2c4"

--00000000000049d5a60627a1b2c4
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {to} because the address couldn't be found, or is unable to receive mail.

--00000000000049d5a60627a1b2c4
Content-Type: image/png; name="icon.png"
Content-Transfer-Encoding: base64
Content-ID: <icon.png>

iVBORw0KGgo=
--00000000000049d5a60627a1b2c4--
--00000000000049d1e00627a1b2c3
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; {SENDER}
Arrival-Date: Sun, 22 Nov 2026 23:00:12 -0800 (PST)
X-Original-Message-ID: <{message_id}>

Final-Recipient: rfc822; {to}
Action: failed
Status: 5.1.1
Remote-MTA: dns; gmail-smtp-in.l.google.com. (192.0.2.26, the server for the domain gmail.com.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the recipient's email address for typos or
 550 5.1.1 unnecessary spaces. - gsmtp
Last-Attempt-Date: Sun, 22 Nov 2026 23:00:15 -0800 (PST)

--00000000000049d1e00627a1b2c3
Content-Type: message/rfc822

From: Seuil <{SENDER}>
To: {to}
Subject: Menuiserie Aubrac: nothing new
Message-ID: <{message_id}>

The verdict has held since July.
--00000000000049d1e00627a1b2c3--
""")


def international(to: str, message_id: str) -> bytes:
    """A server that speaks UTF-8 (RFC 6533)."""
    return _mail(f"""
From: MAILER-DAEMON@mail.durand.example
To: {SENDER}
Subject: Undelivered
Message-ID: <utf8.1@mail.durand.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=global-delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

Boîte inconnue.

--b
Content-Type: message/global-delivery-status

Reporting-MTA: dns; mail.durand.example

Final-Recipient: utf-8; {to}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 Boîte inconnue

--b
Content-Type: message/global-headers

To: {to}
Message-ID: <{message_id}>

--b--
""")


SERVERS: dict[str, Callable[[str, str], bytes]] = {
    "postfix": postfix,
    "exchange": exchange,
    "gmail": gmail,
    "international": international,
}


def report(  # noqa: PLR0913 - what a report may say
    to: str,
    message_id: str | None,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "550 5.1.1 no such user",
    own_id: str = "report.1@mx.example",
    of: str | None = None,
    original: str = "",
) -> bytes:
    """A plain report with whatever is asked for; `of` is the address it names."""
    lines = [f"Final-Recipient: rfc822; {of or to}"]
    lines += [f"Original-Recipient: rfc822; {original}"] if original else []
    lines += [f"Action: {action}", f"Status: {status}"] + ([f"Diagnostic-Code: smtp; {said}"] if said else [])
    head = f"To: {to}\n" + (f"Message-ID: <{message_id}>\n" if message_id else "")
    return _mail(f"""
From: MAILER-DAEMON@mx.example
To: {SENDER}
Message-ID: <{own_id}>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

Sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

{chr(10).join(lines)}

--b
Content-Type: text/rfc822-headers

{head}
--b--
""")


AUTO_REPLY = _mail(f"""
From: Claire <claire1@durand.example>
To: {SENDER}
Subject: Absente jusqu'au 30 novembre
Auto-Submitted: auto-replied
In-Reply-To: <1.2026-W47@seuil.example.com>

Je lirai votre message à mon retour.
""")

RECEIPT = _mail(f"""
From: claire1@durand.example
To: {SENDER}
Content-Type: multipart/report; report-type=disposition-notification; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

Lu.
--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822; claire1@durand.example
Original-Message-ID: <1.2026-W47@seuil.example.com>
Disposition: manual-action/MDN-sent-manually; displayed
--b--
""")

LETTER_OF_SOMEBODY = _mail(f"""
From: Claire <claire1@durand.example>
To: {SENDER}
In-Reply-To: <1.2026-W47@seuil.example.com>
Subject: Re: Menuiserie Aubrac

Merci !
""")


def sent_on(mail: bytes) -> bytes:
    """A report that somebody sent on as an attachment: it is no report to us."""
    return (
        b"From: claire1@durand.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\n"
        b"--out\r\nContent-Type: text/plain\r\n\r\nLook.\r\n--out\r\nContent-Type: message/rfc822\r\n\r\n"
        + mail
        + b"\r\n--out--\r\n"
    )
