"""What the sampler's stacks say: lines, and stacks for flame graphs."""

from .clock import MS, median, now_ns
from .places import name_of, shown
from .sampler import Sampler

_LEAST_PREDICTIONS = 2


def profiled(run, predictions):
    from .passes import warm_up

    warm_up(run, predictions)
    run.whereabouts.enter("profiled")
    sampler = Sampler(run.places, run.whereabouts, run.plan.get("intervalUs", 1000) / 1e6)
    sampler.start()
    end = now_ns() + run.plan["budgetMs"] * MS
    took, plain = [], []
    # With and without in turns, so that what looking costs is measured on the same predictions.
    while len(took) < _LEAST_PREDICTIONS or now_ns() < end:
        sampler.on()
        took.extend(burst(predictions, run.plan["budgetMs"] / 8))
        sampler.off()
        plain.extend(burst(predictions, run.plan["budgetMs"] / 24))
    sampler.stop()
    tell(run, sampler, len(took), median(took) / MS, run.stage_names)
    run.send("process", facts={"profilerCost": median(took) / median(plain) - 1, **of_threads(sampler)})


def burst(predictions, budget_ms):
    took = []
    end = now_ns() + budget_ms * MS
    while not took or now_ns() < end:
        took.append(predictions.plain_staged())
    return took


def of_threads(sampler):
    facts = {"threadsSeen": 1 + len(sampler.seen_threads)}
    if sampler.several:
        facts["gilWaitShare"] = sampler.gil_looks / max(1, sampler.looks)
    return facts


def tell(run, sampler, predictions, p50_ms, stage_names):
    lines = lines_of(sampler, predictions, stage_names)
    run.send("lines", lines=lines, samples=sampler.looks, predictions=predictions, p50Ms=p50_ms)
    run.send("stacks", stacks=stacks_of(sampler, predictions))


def lines_of(sampler, predictions, stage_names):
    """Self: the innermost frame of the user's. Total: any frame of the user's, once a stack."""
    own, total, native, wait, stage_of = {}, {}, {}, {}, {}
    for (stage, stack), (python, in_native, waiting, _) in sampler.stacks.items():
        weight = python + in_native + waiting
        user = [(code, line) for code, line in stack if line]
        if not user:
            continue
        keys = [(code.co_filename, line, name_of(code)) for code, line in user]
        own[keys[0]] = own.get(keys[0], 0) + weight
        native[keys[0]] = native.get(keys[0], 0) + in_native
        wait[keys[0]] = wait.get(keys[0], 0) + waiting
        for key in set(keys):
            total[key] = total.get(key, 0) + weight
            times = stage_of.setdefault(key, {})
            times[stage] = times.get(stage, 0) + weight
    scale = 1 / MS / max(1, predictions)
    rows = [
        {
            "file": shown(key[0]),
            "line": key[1],
            "function": key[2],
            "selfMs": own.get(key, 0) * scale,
            "totalMs": whole * scale,
            "nativeMs": native.get(key, 0) * scale,
            "waitMs": wait.get(key, 0) * scale,
            "stage": _stage(stage_of[key], stage_names),
        }
        for key, whole in total.items()
    ]
    return sorted(rows, key=lambda row: -row["totalMs"])[:2000]


def _stage(times, names):
    most = max(times, key=times.get)
    return names[most] if 0 <= most < len(names) else None


def stacks_of(sampler, predictions):
    frames, index, samples, weights = [], {}, [], []
    ranked = sorted(sampler.stacks.items(), key=lambda one: -sum(one[1][:3]))[:5000]
    for (_, stack), (python, native, waiting, _) in ranked:
        row = []
        for code, line in reversed(stack):
            key = (code, line)
            if key not in index:
                index[key] = len(frames)
                frames.append({"name": name_of(code) or "<module>", "file": shown(code.co_filename), "line": line or code.co_firstlineno})
            row.append(index[key])
        samples.append(row)
        weights.append((python + native + waiting) / MS / max(1, predictions))
    return {"frames": frames, "samples": samples, "weightsMs": weights}
