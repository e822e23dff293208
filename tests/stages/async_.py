async def gather(source):
    async with source as items:
        found = [item async for item in items]
    return await found[0]
