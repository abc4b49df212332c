// `ab` on real programs, each in processes of its own: both languages, what goes wrong, and what is left behind: nothing. Which is faster is
// decided on scripted ones (packages/whyslow/src/smoke-code.test.ts).
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ab } from '@whyslow/code/commands/ab/ab.ts'
import type { AbDocument } from '@whyslow/report/documents/ab.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'
import { processesIn } from '../support/processes.ts'
import { type Folders, folders, onlyFull, ownFolders, start, until, whyslow } from './command.ts'

const where = folders()
afterAll(() => where.remove())
/** Six seconds for an answer of what hangs; a busy machine starts the other program and takes its answer within them. */
const limitOf = (name: string) => (/^(never|hang)/.test(name) ? ['--timeout', '6'] : [])
const hasPython = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0

const PROGRAMS = {
  'old.py':
    'def samples():\n    return [[k / 7 for k in range(3000)], [1.5]]\n\ndef predict(x):\n    out = []\n    for i in range(len(x)):\n        for _ in range(8):\n            y = x[i] * 2.0\n        out.append(y)\n    return out\n',
  'new.py': 'def predict(x):\n    return [v * 2.0 for v in x]\n',
  'new.mjs': 'export const predict = (x) => Float64Array.from(x, (v) => v * 2)\n',
  'old.mjs':
    'export const samples = () => [Array.from({ length: 3000 }, (_, k) => k / 7), [1.5]]\nexport function predict(x) {\n  let y = []\n  for (let k = 0; k < 40; k++) y = x.map((v) => v * 2)\n  return y\n}\n',
  'typed.ts':
    'type Row = readonly number[]\nexport function predict(x: Row): Float64Array {\n  return Float64Array.from(x as number[], (v: number) => v * 2)\n}\n',
  'one.ts': 'const text: string = "3"\nconsole.log(text)\nprocess.exit(0)\n',
  'hang.py':
    'import os\n\ndef predict(x):\n    open(os.environ["TMPDIR"] + "/../begun", "w").close()\n    while True:\n        pass\n',
  'leave.mjs': 'export const predict = () => process.exit(0)\n',
  'throw.py':
    'def load():\n    return 1\n\ndef predict(model, x):\n    print("flood" * 100000)\n    raise ValueError("bad row")\n',
  'never.mjs': 'export const predict = () => new Promise(() => {})\n',
  'broken.py': 'def predict(x:\n',
  'one.py': 'print(sum(k * k for k in range(300000)))\n',
  'two.py': 'print(sum(k * k for k in range(300)))\n',
}
const file = (name: keyof typeof PROGRAMS) => join(where.root, name)
beforeAll(() => {
  for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(where.root, name), text)
})

const compared = async (own: Folders, ...given: string[]) => {
  const ended = await whyslow(own, 'ab', ...given, '--quick', '--runs', '4', '--json', '-')
  expect(ended.status, ended.stderr).toBe(0)
  return JSON.parse(ended.stdout) as AbDocument
}

/** What two give, and not which is faster: one pair of processes, which the command line does not take. */
const outputsOf = async (first: string, second: string) => ab([first, second], { quick: true, pairs: 1 })

describe.concurrent('JavaScript', () => {
  test('two that give the same', async (context) => {
    const own = ownFolders(context)
    const document = await compared(own, file('old.mjs'), file('new.mjs'))
    expect(document).toMatchObject({
      outputs: { agreement: 'identical', samples: 2 },
      samples: { source: 'a' },
    })
    expect(own.left()).toEqual([])
  })

  test('TypeScript, by its stages and as a script', async () => {
    expect(await outputsOf(file('old.mjs'), file('typed.ts'))).toMatchObject({ outputs: { agreement: 'identical' } })
    expect(await outputsOf(file('one.ts'), file('one.ts'))).toMatchObject({
      a: { call: [] },
      outputs: { agreement: 'identical' },
    })
  })

  test.for([
    ['leave.mjs', /leave\.mjs \(predict, sample 0\): its process ended with code 0/],
    ['never.mjs', /never\.mjs \(predict, sample 0\): it gave no answer within 6 s/],
  ] as const)('%s is named with stage and sample', async ([name, said], context) => {
    const ended = await whyslow(ownFolders(context), 'ab', file('old.mjs'), file(name), ...limitOf(name))
    expect([ended.status, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toMatch(said)
  })
})

describe.skipIf(!hasPython).concurrent('Python', needs('python3 3.9 or newer'), () => {
  test('two that give the same', async (context) => {
    onlyFull(context, 'another comparison')
    expect(await compared(ownFolders(context), file('old.py'), file('new.py'))).toMatchObject({
      a: { language: 'python', call: ['predict'] },
      outputs: { agreement: 'identical', numbers: 3001 },
    })
  })

  test('beside JavaScript', async (context) => {
    onlyFull(context, 'another comparison')
    expect(await outputsOf(file('old.py'), file('new.mjs'))).toMatchObject({
      outputs: { agreement: 'identical' },
      b: { language: 'javascript' },
    })
  })

  test.for([
    ['hang.py', /hang\.py \(predict, sample 0\): it gave no answer within 6 s/],
    ['throw.py', /throw\.py:6 \(predict, sample 0\): ValueError: bad row/],
    ['broken.py', /broken\.py:1 \(import\): SyntaxError/],
  ] as const)('%s is named with stage and sample', async ([name, said], context) => {
    const ended = await whyslow(ownFolders(context), 'ab', file('old.py'), file(name), ...limitOf(name))
    expect([ended.status, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toMatch(said)
  })

  test('scripts are run whole, and what they print is compared', async (context) => {
    onlyFull(context, 'two more comparisons')
    const document = await outputsOf(file('one.py'), file('one.py'))
    expect(document).toMatchObject({ a: { call: [] }, outputs: { agreement: 'identical', numbers: 1 } })
    expect((await outputsOf(file('one.py'), file('two.py'))).outputs.agreement).toBe('different')
  })

  test('Ctrl-C leaves no process', async (context) => {
    const own = ownFolders(context)
    const begun = join(own.root, 'begun')
    const running = start(own, ['ab', file('old.py'), file('hang.py')])
    await until(running, () => existsSync(begun))
    running.child.kill('SIGINT')
    expect((await running.ended).status).toBe(130)
    expect(processesIn(own.temporary)).toEqual([])
  })
})
