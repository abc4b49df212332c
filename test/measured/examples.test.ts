// Every example runs to its end and says what it promises.
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { ROOT } from '../root.ts'
import { type Ended, fixture, folders, onlyFull, start, whyslow } from './command.ts'

const where = folders()
const LONG = 'measures for seconds'
afterAll(() => where.remove())
// In place of `npm install` in the folders that are written there.
symlinkSync(join(ROOT, 'node_modules'), join(where.root, 'node_modules'), 'junction')

/** Runs an example as a user would, in a folder of its own. */
const run = (example: string, ...words: string[]): Promise<Ended> =>
  start(where, words, { program: join(ROOT, 'examples', example) }).ended

describe.concurrent('an example', () => {
  test('why-slow.mjs', async () => {
    const { status, stdout, stderr } = await run('why-slow.mjs', fixture('fmnist_gru'))
    expect(status, stderr).toBe(0)
    const [answer, ...findings] = stdout.trimEnd().split('\n')
    expect(answer).toMatch(/ per prediction/)
    for (const line of findings)
      expect(line).toMatch(
        /^(- .+: (would save \d+\.\d{3} ms \((measured|modelled)\)|takes \d+\.\d{3} ms)| {2}next: whyslow .+)$/,
      )
  })

  test('explain-saved.mjs', async () => {
    const evidence = join(where.root, 'evidence.json')
    writeFileSync(evidence, gunzipSync(readFileSync(join(ROOT, 'fixtures/golden/gru.evidence.json.gz'))))
    const explained = await whyslow(where, 'explain', evidence)
    expect(explained.status, explained.stderr).toBe(0)
    const { status, stdout, stderr } = await run('explain-saved.mjs', evidence)
    expect(status, stderr).toBe(0)
    const words = (text: string) => text.replace(/\s+/g, ' ')
    // The command is written as each of them was started.
    const sentence = words(explained.stdout.split('\n\n')[0]!.split('\n  ')[0]!)
    expect(words(stdout)).toContain(sentence)
    expect(stdout).toMatch(/^GRU .+: \d+\.\d{3} ms above its floor$/m)
  })

  test('fix-and-predict.mjs', async (context) => {
    onlyFull(context, LONG)
    const out = join(where.root, 'fast')
    const { status, stdout, stderr } = await run('fix-and-predict.mjs', fixture('credit_mlp'), out, '1')
    expect(status, stderr).toBe(0)
    expect(stdout).toMatch(/^(\+|-) .+$/m)
    expect(stdout).toMatch(/^(Latency per prediction|.* per prediction)/m)
    const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as { outputs: { name: string }[] }
    for (const { name } of manifest.outputs) expect(stdout).toMatch(new RegExp(`^${name}: \\w+ \\[1(, \\d+)*\\]$`, 'm'))
  })

  test('latency-goal.mjs', async (context) => {
    onlyFull(context, LONG)
    const [generous, strict] = (await Promise.all(
      ['1e6', '1e-6'].map((goalMs) => run('latency-goal.mjs', fixture('fmnist_gru'), goalMs)),
    )) as [Ended, Ended]
    expect({ status: generous.status, lines: generous.stdout.trim().split('\n').length }, generous.stderr).toEqual({
      status: 0,
      lines: 1,
    })
    expect(strict.status, strict.stderr).toBe(3)
    expect(strict.stdout).toMatch(/^Too slow\. .* per prediction/m)
  })

  test('fraud-score.mjs', async (context) => {
    onlyFull(context, LONG)
    const model = join(ROOT, 'fixtures/formats/xgboost/1.7-binary.json')
    const { status, stdout, stderr } = await run('fraud-score.mjs', model, join(where.root, 'score'))
    expect(status, stderr).toBe(0)
    expect(stdout).toMatch(/^one row: \d+\.\d\d µs$/m)
    expect(stdout).toMatch(/^1000 rows: \d+ rows a second$/m)
  })
})

test('examples leave nothing in the folder they are run from, and nothing in TMPDIR', () => {
  expect(where.left()).toEqual([])
})

test('every example is run here, and stands in the README', () => {
  const names = readdirSync(join(ROOT, 'examples')).filter((name) => name.endsWith('.mjs'))
  const [own, page] = [import.meta.filename, join(ROOT, 'examples/README.md')].map((file) => readFileSync(file, 'utf8'))
  expect(names.filter((name) => !own!.includes(`run('${name}'`) || !page!.includes(`(${name})`))).toEqual([])
})
