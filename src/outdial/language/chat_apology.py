"""What the agent says when its model says nothing: it must not be silence."""

from __future__ import annotations

from typing import Final

_LINES: Final = {
    "en": "I'm sorry, I'm having a technical problem and have to end this call.",
    "hi": "माफ़ कीजिए, एक तकनीकी समस्या के कारण मुझे यह कॉल समाप्त करनी होगी।",
    "bn": "দুঃখিত, একটি প্রযুক্তিগত সমস্যার কারণে আমাকে এই কলটি শেষ করতে হচ্ছে।",
    "gu": "માફ કરશો, તકનીકી સમસ્યાને કારણે મારે આ કૉલ સમાપ્ત કરવો પડશે.",
    "kn": "ಕ್ಷಮಿಸಿ, ತಾಂತ್ರಿಕ ಸಮಸ್ಯೆಯಿಂದಾಗಿ ನಾನು ಈ ಕರೆಯನ್ನು ಮುಗಿಸಬೇಕಾಗಿದೆ.",
    "ml": "ക്ഷമിക്കണം, ഒരു സാങ്കേതിക പ്രശ്നം കാരണം എനിക്ക് ഈ കോൾ അവസാനിപ്പിക്കേണ്ടിവരുന്നു.",
    "mr": "माफ करा, तांत्रिक अडचणीमुळे मला हा कॉल संपवावा लागत आहे.",
    "pa": "ਮਾਫ਼ ਕਰਨਾ, ਤਕਨੀਕੀ ਸਮੱਸਿਆ ਕਾਰਨ ਮੈਨੂੰ ਇਹ ਕਾਲ ਖਤਮ ਕਰਨੀ ਪਵੇਗੀ।",
    "ta": "மன்னிக்கவும், தொழில்நுட்பச் சிக்கல் காரணமாக இந்த அழைப்பை முடிக்க வேண்டியுள்ளது.",
    "te": "క్షమించండి, సాంకేతిక సమస్య కారణంగా నేను ఈ కాల్‌ను ముగించాల్సి వస్తోంది.",
    "ar": "عذرًا، لديّ مشكلة تقنية وعليّ إنهاء هذه المكالمة.",
    "de": "Entschuldigung, ich habe ein technisches Problem und muss das Gespräch beenden.",
    "es": "Disculpe, tengo un problema técnico y debo terminar esta llamada.",
    "fr": "Excusez-moi, j'ai un problème technique et je dois mettre fin à cet appel.",
    "id": "Maaf, ada masalah teknis dan saya harus mengakhiri panggilan ini.",
    "it": "Mi scusi, ho un problema tecnico e devo terminare questa chiamata.",
    "ja": "申し訳ありません。技術的な問題のため、通話を終了いたします。",
    "nl": "Sorry, ik heb een technisch probleem en moet dit gesprek beëindigen.",
    "pl": "Przepraszam, mam problem techniczny i muszę zakończyć tę rozmowę.",
    "pt": "Desculpe, estou com um problema técnico e preciso encerrar esta ligação.",
    "ru": "Извините, у меня технические неполадки, я вынужден закончить разговор.",
    "tr": "Üzgünüm, teknik bir sorun yaşıyorum ve bu aramayı sonlandırmam gerekiyor.",
    "zh": "抱歉，我遇到了技术问题，必须结束这次通话。",
}


def apology(language: str) -> str:
    """The line in the language with this code, English for one that is not known."""
    return _LINES.get(language.replace("_", "-").split("-")[0].lower(), _LINES["en"])
