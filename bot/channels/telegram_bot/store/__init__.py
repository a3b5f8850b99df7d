"""What the Telegram door keeps: updates received, messages to send, buttons, chats, staff. Its only SQL."""
