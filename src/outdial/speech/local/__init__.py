"""Speech without a key: text-to-speech by hibari, speech-to-text by Whisper tiny.en, both on this machine's CPU."""
