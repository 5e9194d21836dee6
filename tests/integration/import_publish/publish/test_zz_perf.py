import time
from tests.integration.import_publish.publish.conftest import *


async def test_perf(shop):
    rows = [
        [
            row(
                c * 500 + i,
                name=f"Bio Apfel Saft naturtrüb {i} 1,0 L",
                description="Feiner Saft aus Streuobst",
                categoryId="drinks",
                taxClass="reduced",
                price=199 + i,
                stock=12000,
            )
            for i in range(500)
        ]
        for c in range(10)
    ]
    await shop.stage(*rows)
    await publishing.start(shop.deps, TENANT, "i1")
    shop.tasks.clear()
    await shop.chunk(0)
    t, c = time.perf_counter(), time.process_time()
    for n in range(1, 10):
        await shop.chunk(n)
    print("CREATE wall/row", (time.perf_counter() - t) / 4500 * 1e6, "cpu/row", (time.process_time() - c) / 4500 * 1e6)
    rows = [
        [row(c * 500 + i, name=f"Bio Apfel Saft naturtrüb {i} 1,0 L!", price=198 + i) for i in range(500)]
        for c in range(10)
    ]
    await shop.stage(*rows, import_id="i2")
    await publishing.start(shop.deps, TENANT, "i2")
    shop.tasks.clear()
    await shop.chunk(0, "i2")
    t, c = time.perf_counter(), time.process_time()
    for n in range(1, 10):
        await shop.chunk(n, "i2")
    print("UPDATE wall/row", (time.perf_counter() - t) / 4500 * 1e6, "cpu/row", (time.process_time() - c) / 4500 * 1e6)
    import cProfile, pstats

    rows = [
        [
            row(20000 + c * 500 + i, name=f"Bio Apfel Saft naturtrüb {i} 1,0 L", price=199 + i, stock=12000)
            for i in range(500)
        ]
        for c in range(4)
    ]
    await shop.stage(*rows, import_id="i3")
    await publishing.start(shop.deps, TENANT, "i3")
    shop.tasks.clear()
    p = cProfile.Profile()
    p.enable()
    for n in range(4):
        await shop.chunk(n, "i3")
    p.disable()
    pstats.Stats(p).sort_stats("tottime").print_stats(25)
