"""The Telegram door: an update is kept before it is confirmed and answered once, a reply is kept until it is out."""
