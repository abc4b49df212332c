// Is what whyslow says of a PyTorch model right, beside programs that know nothing of whyslow? For each model of torch-models, by turns in processes of their own: what
// starting an operator takes, beside torch.utils.benchmark's Timer; the own times of all modules together, beside the p50 of a plain loop; what the clocks around modules add to
// a prediction. Of the rounds the median counts. Exit 1 if one is beyond 20 %, 5 % or 3 %.
//   PYTHON=.venv/bin/python node bench/torch-dispatch.mjs [--out folder]      ROUNDS=5   ONLY=word,word   MODELS=folder (in place of torch-models)
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { keepResult } from './result.mjs'
import { median, root } from './shared.mjs'

const [MOST_DISPATCH, MOST_MODULES, MOST_ADDED] = [0.2, 0.05, 0.03]
const rounds = Number(process.env.ROUNDS ?? 5)
const python = process.env.PYTHON ?? 'python3'
const only = process.env.ONLY?.split(',') ?? []
const folder = path.resolve(process.env.MODELS ?? path.join(import.meta.dirname, 'torch-models'))

function run(program, words) {
  const { stdout, stderr, status } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1e9 })
  if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
  return stdout
}

/** As whyslow calls the model: with gradients on unless its file turns them off. */
const PLAIN = `
import importlib.util, sys, time
import torch, torch.utils.benchmark
spec = importlib.util.spec_from_file_location('given', sys.argv[1])
given = importlib.util.module_from_spec(spec)
spec.loader.exec_module(given)
torch.manual_seed(0)
model = given.model()
torch.manual_seed(0)
inputs = given.example_inputs()
x = torch.empty(0, requires_grad=torch.is_grad_enabled() and any(one.requires_grad for one in model.parameters()))
timer = torch.utils.benchmark.Timer('torch.add(x, x)', globals={'x': x})
operator = timer.blocked_autorange(min_run_time=0.5).median
times = []
for seconds in (0.5, 2):
    times.clear()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        model(*inputs)
        times.append(time.perf_counter() - start)
times.sort()
print(operator * 1e9, times[len(times) // 2] * 1e3)`

function plain(file) {
  const [operatorNs, p50Ms] = run(python, ['-c', PLAIN, file]).trim().split(' ').map(Number)
  return { operatorNs, p50Ms }
}

function measured(file) {
  const words = [path.join(root, 'dist/whyslow/main.js'), file, '--quick', '--python', python, '--json', '-']
  const { latency, pipeline } = JSON.parse(run(process.execPath, words))
  const { operatorNs, modules, clocksAdded } = pipeline.torch
  return { operatorNs, modulesMs: modules.reduce((sum, { selfMs }) => sum + selfMs, 0), p50Ms: latency.p50Ms, clocksAdded }
}

const percent = (share) => `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(1)} %`
console.log(`load ${os.loadavg()[0].toFixed(1)} on ${os.availableParallelism()} CPUs`)
const rows = {}
for (const name of fs.readdirSync(folder).sort()) {
  if (!name.endsWith('.py') || (only.length > 0 && !only.some((word) => name.includes(word)))) continue
  const file = path.join(folder, name)
  const samples = []
  for (let round = 0; round < rounds; round++) {
    const sample = {}
    const both = [
      () => {
        sample.own = measured(file)
      },
      () => {
        sample.plain = plain(file)
      },
    ]
    for (const one of round % 2 === 0 ? both : both.reverse()) one()
    samples.push(sample)
  }
  const over = (of) => median(samples.map(of)) - 1
  const row = {
    dispatch: over(({ own, plain }) => own.operatorNs / plain.operatorNs),
    modules: over(({ own, plain }) => own.modulesMs / plain.p50Ms),
    prediction: over(({ own, plain }) => own.p50Ms / plain.p50Ms),
    clocks: median(samples.map(({ own }) => own.clocksAdded)),
    operatorNs: median(samples.map(({ plain }) => plain.operatorNs)),
    p50Ms: median(samples.map(({ plain }) => plain.p50Ms)),
    samples,
  }
  rows[path.parse(name).name] = row
  console.log(
    `${name.padEnd(20)} operator ${row.operatorNs.toFixed(0).padStart(6)} ns ${percent(row.dispatch)}   p50 ${row.p50Ms.toFixed(3).padStart(8)} ms, modules ${percent(row.modules)}, prediction ${percent(row.prediction)}   clocks ${percent(row.clocks)}`,
  )
}
const values = Object.fromEntries(
  Object.entries(rows).map(([name, { samples: _, operatorNs, p50Ms, ...shares }]) => [
    name,
    { operatorNs, p50Ms, ...Object.fromEntries(Object.entries(shares).map(([of, share]) => [`${of}Percent`, share * 100])) },
  ]),
)
await keepResult({ ...values, load: os.loadavg()[0] }, rows)
const isBeyond = ({ dispatch, modules, clocks }) =>
  Math.abs(dispatch) > MOST_DISPATCH || Math.abs(modules) > MOST_MODULES || clocks > MOST_ADDED
process.exit(Object.values(rows).some(isBeyond) ? 1 : 0)
