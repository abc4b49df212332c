// The collector in a real Python: its own tests, and passes over services that work, throw, hang, exit, fork and flood. Without an interpreter
// they are left out by name. WHYSLOW_PYTHONS names several, with the path's separator between them.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { runPass } from '@whyslow/code/driver.ts'
import type { Message, Pass } from '@whyslow/code/protocol.ts'
import { python } from '@whyslow/code/python/python.ts'
import { findInterpreter, probeInterpreter, pythonEnvironment } from '@whyslow/measure/python/interpreter.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const TESTS = path.resolve(import.meta.dirname, '../python')
const OWN_TESTS = fs.readdirSync(TESTS).filter((name) => /^test_.*\.py$/.test(name))
const named = process.env.WHYSLOW_PYTHONS?.split(path.delimiter).filter(Boolean) ?? [null]
const interpreters = await Promise.all(
  named.map(async (one) => {
    const found = findInterpreter({ named: one, beside: TESTS }, pythonEnvironment())
    return found.ok ? probeInterpreter(found.interpreter) : found
  }),
)

let services = 0
let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-collector-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const SERVICE = `
import time
def load():
    return 2
def samples():
    return [list(range(2000)), list(range(2000))]
def preprocess(sample):
    out = []
    for i in range(len(sample)):
        out.append(sample[i] * 2)
    return out
def predict(model, x):
    time.sleep(0.002)
    return sum(x) * model
`

/** What becomes of each, and what names it. */
const FAILING: readonly (readonly [name: string, body: string, failure: object])[] = [
  ['throws', 'return 1 / x', { how: 'threw', stage: 'predict', sample: 1, reason: 'ZeroDivisionError: division by zero' }],
  [
    'exits',
    'import sys\n    return x or sys.exit(3)',
    { how: 'threw', stage: 'predict', sample: 1, reason: 'it called exit(3)' },
  ],
  ['ends its process', 'import os\n    return x or os._exit(9)', { how: 'exited', stage: 'predict', sample: 1 }],
  ['hangs', 'while x == 0: pass', { how: 'timed-out', stage: 'predict', sample: 1 }],
  [
    'crashes',
    'import os, signal\n    return x or os.kill(os.getpid(), signal.SIGSEGV)',
    { how: 'crashed', stage: 'predict', sample: 1 },
  ],
]

for (const interpreter of interpreters) {
  if (!interpreter.ok) {
    test('the collector in Python', ({ skip }) => skip(`${interpreter.reason}; ${interpreter.fix}`))
    continue
  }
  describe(`the collector in Python ${interpreter.version}`, () => {
    const pass = async (which: Pass, source: string, given: { readonly call?: string } = {}) => {
      const file = path.join(folder, `service${++services}.py`)
      fs.writeFileSync(file, source)
      const command = await python.command(file, { python: interpreter.executable })
      const plan = {
        pass: which,
        file,
        call: given.call ?? null,
        data: null,
        arguments: [],
        budgetMs: 400,
        warmUpMs: 50,
        minCalls: 6,
        intervalUs: 1000,
        importTimes: true,
      }
      const limits = { stallMs: 4000, timeMs: 60_000, memoryBytes: null }
      return runPass(command, plan, { limits, folder })
    }
    const messagesOf = <K extends Message['kind']>(messages: readonly Message[], kind: K) =>
      messages.filter((message): message is Extract<Message, { kind: K }> => message.kind === kind)

    test.for(OWN_TESTS)('its own tests: %s', (name, { skip }) => {
      const { status, stderr } = spawnSync(interpreter.executable, ['-B', path.join(TESTS, name), '-v'], {
        encoding: 'utf8',
        // They make thousands of files.
        env: { ...process.env, TMPDIR: folder },
      })
      // From 3.12 on, a file all of whose tests are left out says so, and exits with 5.
      const reasons = [...stderr.matchAll(/ skipped '(.+)'$/gm)].map(([, reason]) => reason)
      if (reasons.length > 0 && Number(/^Ran (\d+) tests? /m.exec(stderr)?.[1] ?? Number.NaN) <= reasons.length) skip(reasons[0])
      expect(stderr).toMatch(/^OK/m)
      expect(status).toBe(0)
    })

    test('stages that add up, lines, loops and patterns of a service', async () => {
      const { messages, failure } = await pass('time', SERVICE)
      expect(failure).toBeNull()
      const blocks = messagesOf(messages, 'block').filter(({ staged }) => staged)
      for (const { totalMs, stagesMs } of blocks)
        for (const [call, total] of totalMs.entries())
          expect(stagesMs.reduce((sum, of) => sum + of[call]!, 0)).toBeCloseTo(total, 6)
      const profiled = await pass('profile', SERVICE)
      expect(messagesOf(profiled.messages, 'lines')[0]!.lines.map(({ line }) => line)).toContain(13)
      const observed = await pass('facts', SERVICE)
      expect(observed.failure).toBeNull()
      expect(messagesOf(observed.messages, 'loops')[0]!.loops).toMatchObject([{ line: 9, endLine: 10, tripsPerPrediction: 2000 }])
      expect(messagesOf(observed.messages, 'patterns')[0]!.patterns).toContainEqual(
        expect.objectContaining({ pattern: 'elementwise-loop', line: 9, endLine: 10, function: 'preprocess' }),
      )
    })

    test('a script runs once, and tells all in that run', async () => {
      const marker = path.join(folder, `runs-${interpreter.version}.txt`)
      const loop = 'c = []\nfor i in range(50000):\n    c.append(i * 2)\n'
      const source = `open(${JSON.stringify(marker)}, 'a').write('x')\n${loop}import colorsys\nimport json\njson.dumps(c)\n`
      const { messages, failure } = await pass('time', source)
      expect(failure).toBeNull()
      expect(fs.readFileSync(marker, 'utf8')).toBe('x')
      expect(messages.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['script', 'lines', 'loops', 'patterns', 'process']),
      )
      expect(messagesOf(messages, 'loops')[0]!.loops).toMatchObject([{ line: 3, tripsPerPrediction: 50_000 }])
      expect(messagesOf(messages, 'imports')[0]!.imports).toContainEqual(expect.objectContaining({ module: 'colorsys', line: 5 }))
      expect(messagesOf(messages, 'calls')[0]!.calls).toContainEqual(
        expect.objectContaining({ callee: 'json.dumps', line: 7, callsPerPrediction: 1 }),
      )
      const json = messagesOf(messages, 'patterns')[0]!.patterns.filter(({ pattern }) => pattern === 'json')
      expect(json).toMatchObject([{ line: 7, once: true }])
    })

    test.each(FAILING)('code that %s is named with stage and sample', async (_, body, failure) => {
      const source = `def samples():\n    return [1, 0]\ndef predict(x):\n    ${body}\n`
      expect((await pass('time', source)).failure).toMatchObject(failure)
    })

    test('what it registered for the end runs', async () => {
      const file = path.join(folder, 'ended')
      const end = `import atexit\natexit.register(lambda: open(${JSON.stringify(file)}, "w").close())`
      const { failure } = await pass('time', `${end}\ndef samples():\n    return [1]\ndef predict(x):\n    return x\n`)
      expect(failure).toBeNull()
      expect(fs.existsSync(file)).toBe(true)
    })

    test('forks, floods and a contract that is not met', async () => {
      const forks =
        'import os\ndef samples():\n    return [1]\ndef predict(x):\n    pid = os.fork()\n    if pid:\n        os.waitpid(pid, 0)\n'
      if (process.platform !== 'win32') {
        const forked = await pass('time', forks)
        expect(forked.failure).toBeNull()
        expect(messagesOf(forked.messages, 'warning').map(({ text }) => text)).toEqual([
          expect.stringContaining('it forks: in predict()'),
        ])
      }
      const flood = await pass('time', "def predict():\n    print('x' * 100000)\n")
      expect(flood.failure).toBeNull()
      expect(flood.log.bytes).toBeGreaterThan(1e6)
      expect((await pass('time', 'def f(x): pass\n', { call: 'g' })).failure).toMatchObject({
        how: 'contract',
        reason: expect.stringMatching(/has no function g; it has f$/),
      })
    })
  })
}
