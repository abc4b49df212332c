// Which profiler names the cause and the line first? Planted services of planted-pipelines/python and torch programs under Scalene, py-spy, torch.profiler, cProfile and whyslow: of each tool the
// list that it shows, from the top. A tool names the line if the planted line (or one of the lines that may be named) is the first of its own lines of the user's file;
// it names the cause if what it shows says what is wrong, and not only where: a finding of whyslow's; of the others a word of the cause in the entry, such as a
// function's own name (`iterrows`, `json.loads`). How that is judged is `CAUSES` below.
//   PYTHON=.venv/bin/python (with scalene, py-spy, torch and what the services need) node bench/python-profilers.mjs [--out folder]     ONLY=word,word
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { keepResult } from './result.mjs'
import { root, temporaryFolder } from './shared.mjs'

const SECONDS = 6
const LIMIT_MS = 180_000
const FIRST = 3
const planted = path.join(root, 'bench/planted-pipelines/python')
const python = process.env.PYTHON ?? 'python3'
const COMMAND = path.join(root, 'dist/whyslow/main.js')

/** The services, and what an entry of a profiler's list must hold to say the cause. */
const CAUSES = {
  'scalar-loop': [/vectori[sz]e|loop/i],
  'json-in-the-loop': [/json[.\w]*(loads|dumps|decode|encode)/i],
  'file-in-the-loop': [/\bopen\b|read_text|io\.open|read_csv|np\.load/i],
  'dataframe-per-row': [/iterrows|apply/i],
  'model-reloaded-per-call': [/joblib|pickle|load_model|unpickle/i],
  'tokenizer-dominates': [/tokeni[sz]e/i],
  'gradient-tracking': [/grad/i],
  'training-mode': [/training|dropout/i],
  'torch-item-loop': [/\bitem\b|_local_scalar_dense/i],
  'predict-call-dmatrix': [/DMatrix/i],
}
const only = process.env.ONLY?.split(',') ?? []
const folder = temporaryFolder()

/** Runs predictions of a service for a while, as a profiler's user does. */
const LOOP = `
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location('service', sys.argv[1])
service = importlib.util.module_from_spec(spec)
sys.modules['service'] = service
spec.loader.exec_module(service)
samples = list(service.samples()) if hasattr(service, 'samples') else [None]
given = [service.load()] if hasattr(service, 'load') else []
stages = [getattr(service, name) for name in ('preprocess', 'predict', 'postprocess') if hasattr(service, name)]
def once(value):
    for stage in stages:
        value = stage(*given, value) if stage.__name__ == 'predict' else stage(value)
once(samples[0])
end = time.perf_counter() + ${SECONDS}
while time.perf_counter() < end:
    for sample in samples:
        once(sample)
`
const loop = path.join(folder, 'loop.py')
fs.writeFileSync(loop, LOOP)

const run = (executable, words) =>
  spawnSync(executable, words, { encoding: 'utf8', timeout: LIMIT_MS, maxBuffer: 1e9, cwd: folder })

/** Entries of a tool, the first first: the line of the user's file (null: none) and what it says of it. */
const TOOLS = {
  scalene(file) {
    const out = path.join(folder, 'scalene.json')
    fs.rmSync(out, { force: true })
    const flags = ['--cpu', '--json', '--outfile', out, '--profile-only', path.basename(file)]
    const first = run(python, ['-m', 'scalene', 'run', ...flags, loop, file])
    if (!fs.existsSync(out)) run(python, ['-m', 'scalene', ...flags, loop, file])
    if (!fs.existsSync(out)) throw new Error((first.stderr || 'no profile').trim().split('\n').at(-1))
    const files = JSON.parse(fs.readFileSync(out, 'utf8')).files ?? {}
    const own = Object.entries(files).find(([name]) => path.basename(name) === path.basename(file))?.[1]?.lines ?? []
    const cost = (line) => line.n_cpu_percent_python + line.n_cpu_percent_c + line.n_sys_percent
    return own
      .filter((line) => cost(line) > 0)
      .sort((a, b) => cost(b) - cost(a))
      .map((line) => ({ line: line.lineno, says: line.line }))
  },
  'py-spy'(file) {
    const out = path.join(folder, 'py-spy.txt')
    const words = ['record', '--format', 'raw', '--rate', '200', '--output', out, '--', python, loop, file]
    const { stderr, status } = run(path.join(path.dirname(python), 'py-spy'), words)
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
    const lines = new Map()
    for (const row of fs.readFileSync(out, 'utf8').trim().split('\n')) {
      const [stack, count] = [row.slice(0, row.lastIndexOf(' ')), Number(row.slice(row.lastIndexOf(' ')))]
      const frames = stack.split(';').filter((frame) => frame.includes(`${path.basename(file)}:`))
      const leaf = stack.split(';').at(-1)
      const line = Number(/:(\d+)\)$/.exec(frames.at(-1) ?? '')?.[1] ?? Number.NaN)
      if (Number.isNaN(line)) continue
      const known = lines.get(line) ?? { line, count: 0, leaves: new Map() }
      known.count += count
      known.leaves.set(leaf, (known.leaves.get(leaf) ?? 0) + count)
      lines.set(line, known)
    }
    return [...lines.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ line, leaves }) => ({ line, says: [...leaves].sort((a, b) => b[1] - a[1])[0][0] }))
  },
  cProfile(file) {
    const code = `import cProfile, io, pstats, sys, runpy
sys.argv = sys.argv[1:]
profile = cProfile.Profile()
try:
    profile.runcall(runpy.run_path, sys.argv[0], run_name='__main__')
finally:
    stats = pstats.Stats(profile)
    for (name, line, function), (_, calls, own, _, _) in sorted(stats.stats.items(), key=lambda one: -one[1][2])[:40]:
        print('%s\\t%s\\t%s' % (name, line, function))`
    const { stdout, stderr, status } = run(python, ['-c', code, loop, file])
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
    return stdout
      .trim()
      .split('\n')
      .map((row) => row.split('\t'))
      .filter(([name]) => !name.includes('loop.py'))
      .map(([name, line, says]) => ({ line: path.basename(name) === path.basename(file) ? Number(line) : null, says }))
  },
  'torch.profiler'(file) {
    const code = `import sys
import torch
from torch.profiler import profile, ProfilerActivity
sys.argv = sys.argv[1:]
import runpy
with profile(activities=[ProfilerActivity.CPU], with_stack=True) as found:
    runpy.run_path(sys.argv[0], run_name='__main__')
rows = sorted(found.key_averages(group_by_stack_n=8), key=lambda one: -one.self_cpu_time_total)[:20]
for one in rows:
    stack = [line for line in (one.stack or []) if ${JSON.stringify(path.basename(file))} in line]
    print('%s\\t%s' % (one.key, stack[0] if stack else ''))`
    const short = path.join(folder, 'short.py')
    fs.writeFileSync(short, LOOP.replace(`+ ${SECONDS}`, '+ 1'))
    const { stdout, stderr, status } = run(python, ['-c', code, short, file])
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
    return stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((row) => row.split('\t'))
      .map(([says, place]) => ({ line: Number(/\((\d+)\)/.exec(place ?? '')?.[1] ?? Number.NaN) || null, says }))
  },
  whyslow(file) {
    const { stdout, stderr, status } = run(process.execPath, [
      COMMAND,
      'pipeline',
      file,
      '--quick',
      '--no-inner',
      '--json',
      '-',
      '--python',
      python,
    ])
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
    return JSON.parse(stdout).findings.map(({ rule, places, title }) => ({ line: places[0]?.line ?? null, says: title, rule }))
  },
}

function read(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  const rule = /planted: (\S+)/.exec(lines.slice(0, 6).join('\n'))?.[1]
  const here = lines.flatMap((line, at) => {
    const mark = /^(.*?)# (or )?here$/.exec(line)
    return mark === null ? [] : [mark[1].trim() === '' ? at : at + 1, at + 1]
  })
  return { rule, here: new Set(here) }
}

const rows = []
for (const [name, words] of Object.entries(CAUSES)) {
  const file = path.join(planted, `${name}.py`)
  if (!fs.existsSync(file) || (only.length > 0 && !only.some((word) => name.includes(word)))) continue
  const { rule, here } = read(file)
  const row = { service: name }
  for (const [tool, entriesOf] of Object.entries(TOOLS)) {
    try {
      const entries = entriesOf(file)
      const ofUser = entries.filter(({ line }) => line !== null)
      const lineAt = ofUser.findIndex(({ line }) => here.has(line))
      const says = (one) => (tool === 'whyslow' ? one.rule === rule : words.some((word) => word.test(one.says)))
      const causeAt = entries.findIndex(says)
      const place = (at) => (at < 0 || at >= FIRST ? '–' : `${at + 1}.`)
      row[tool] = `line ${place(lineAt)}, cause ${place(causeAt)}`
    } catch (error) {
      row[tool] = `failed: ${error.message.slice(0, 60)}`
    }
  }
  rows.push(row)
  console.log(row)
}
console.table(rows)
const first = (tool, what) => rows.filter((row) => row[tool].includes(`${what} 1.`)).length
const counts = Object.keys(TOOLS).map((tool) => [
  tool,
  { lineFirstCount: first(tool, 'line'), causeFirstCount: first(tool, 'cause') },
])
console.table(Object.fromEntries(counts))
await keepResult({ services: rows.length, ...Object.fromEntries(counts) }, rows)
