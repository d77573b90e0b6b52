"""placeholder"""
async def probe(trunk): return None
