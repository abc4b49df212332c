// What the documents say of how long something ran is what a recorded run gave: each such number names its run, and is its value, rounded.
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blocksOf, citationsIn, numbersOf, problemsOf, type Result, resultsIn, type Value } from './measured-numbers.ts'
import { filesUnder, ROOT } from './sources.ts'

/** Numbers that look like results of a run and are none, by the reason and their page. */
const NO_RESULTS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'a goal or a limit, which a program holds': {
    'bench/README.md': ['15 s and 1.2 GB', '2 µs', '5 µs'],
    'bench/load/README.md': ['20,000 requests/s'],
    'docs/architecture.md': ['1.2 s'],
    'docs/distill.md': ['1.3 times as long'],
    'docs/findings/tiny-kernels.md': ['10 µs'],
    'docs/fix.md': ['1.1 times slower'],
    'docs/remedies/direct-call.md': ['0.2 ms'],
    'docs/replacements.md': ['1.2×'],
  },
  'a constant of the method, compared with the source by method-numbers.test.ts': {
    'docs/method.md': ['50 ns', '15 µs', '20 µs', '10 % faster', '5 µs', '1.01 times as long', '1.1 times as long'],
  },
  'what a simulation is given, or gives in method-numbers.test.ts': {
    'docs/method.md': ['1.3 times faster', '1.3×', '1.05×', '1.07×', '1.10×', '1.5 times slower'],
  },
  'an assumption of a model, said as such': {
    'docs/findings/forest-out-of-cache.md': ['3 ns'],
    'docs/findings/paging.md': ['0.1 ms', '100 times as long'],
  },
  'what was asked for, or arithmetic': {
    'bench/load/README.md': ['0.8 s'],
    'docs/fix.md': ['20 requests/s', '4.7'],
    'docs/generation.md': ['1.9 s (1.8–2.0)', '0.7 s', '16 times as long'],
    'docs/load.md': ['200 requests/s', '5 ms'],
    'docs/life-of-a-p50.md': ['796 µs'],
    'docs/serving.md': ['100 ms'],
  },
  'how fine a clock is': { 'docs/engines.md': ['5 µs', '0.1 ms'] },
  'versions of a format': { 'docs/formats.md': ['0.7 to 3.2'] },
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
/** The changelog says what was so at the time. */
const pages = filesUnder(
  '',
  (path) => path.endsWith('.md') && !/^(shared|fixtures|packages)\//.test(path) && path !== 'CHANGELOG.md',
)
const files = filesUnder('bench/results', (path) => path.endsWith('.json'))

interface Recorded extends Result {
  readonly bench: string | null
  readonly command: string | null
  readonly commit: string
  readonly date: string
  readonly machine: string | Readonly<Record<string, Value | null>> | null
  readonly note?: string
  readonly raw: unknown
}

const recorded = new Map(files.map((path) => [basename(path, '.json'), JSON.parse(read(path)) as Recorded]))

describe('documents', () => {
  test('name the run of each result, and say what it gave', () => {
    const problems = pages.flatMap((page) => {
      const left = Object.values(NO_RESULTS).flatMap((byPage) => byPage[page] ?? [])
      return problemsOf(read(page), recorded, (text) => !left.includes(text)).map((problem) => `${page}, ${problem}`)
    })
    expect(problems).toEqual([])
  })

  test('each number that is left out stands in its page', () => {
    const unused = Object.values(NO_RESULTS).flatMap((byPage) =>
      Object.entries(byPage).flatMap(([page, texts]) => {
        const found = blocksOf(read(page)).flatMap(({ text, isScreen }) =>
          isScreen ? [] : resultsIn(text).map((one) => one.text),
        )
        return texts.filter((text) => !found.includes(text)).map((text) => `${page}: ${text}`)
      }),
    )
    expect(unused).toEqual([])
  })
})

describe('recorded runs', () => {
  test.each([...recorded])('%s says where it was run, and knows no machine by name', (name, result) => {
    expect(result.commit).toMatch(/^[0-9a-f]{40}$/)
    expect(new Date(result.date).toString()).not.toBe('Invalid Date')
    expect(Object.keys(result.values).length).toBeGreaterThan(0)
    // Its commit has the code that ran.
    expect(result).not.toHaveProperty('isChanged')
    if (result.bench !== null) expect(existsSync(join(ROOT, result.bench)), result.bench).toBe(true)
    // Samples are kept, and the machine is described, unless the run was only ever typed into a page.
    if (result.note === undefined) expect(result.machine).toHaveProperty('cpu')
    else expect(result.raw).toBeNull()
    expect(read(`bench/results/${name}.json`)).not.toMatch(/(?<![\w.~…-])\/(?:home|root|work|tmp|Users|mnt)\//)
  })

  test('each is cited', () => {
    const cited = new Set(pages.flatMap((page) => citationsIn(read(page)).map(({ file }) => file)))
    expect([...recorded.keys()].filter((name) => !cited.has(name))).toEqual([])
  })
})

const found = (text: string) => resultsIn(text).map((one) => one.text)

describe('what is a result', () => {
  test.each([
    ['One call takes 0.45 ms.', ['0.45 ms']],
    ['between threads 31 or 62 µs, by how they meet', ['31 or 62 µs']],
    ['96.7 µs (84.3–101) a prediction', ['96.7 µs (84.3–101)']],
    ['243 times as fast (188–290)', ['243 times as fast (188–290)']],
    ['14.7 ms to 1.04 ms (4.7–24×)', ['14.7 ms', '1.04 ms', '4.7–24×']],
    ['Alone the forms took 0.25 to 0.56 of\nthe time, of Mish 0.48.', ['0.25 to 0.56 of the time', '0.48']],
    ['in 14.7 s and 245 MB', ['14.7 s and 245 MB']],
    ['It took 24 s of CPU and 520 MB for five.', ['24 s', '520 MB']],
    ['ready after 4 to 6 s on 2 busy CPUs', ['4 to 6 s']],
    ['| LSTM | 1.02 (0.93–1.34) |', ['1.02 (0.93–1.34)']],
    ['up to 89,554 requests/s', ['89,554 requests/s']],
    ['2 % slower on small ones', ['2 % slower']],
    ['finds 53 of 54 planted causes', ['53 of 54 planted']],
  ])('%j', (text, expected) => {
    expect(found(text)).toEqual(expected)
  })

  test.each([
    'A prediction has 20 s at most, and 120 ms to warm up.',
    'Pictures of 224 × 224 and 1×3×224×224, a 3×3 convolution, matrices of 128 x 768.',
    'onnxruntime-node 1.30 took it, and ONNX Runtime 1.30 did not.',
    'with `--budget 2.5 ms`',
    'It took ten times as long, thirty of them on two threads.',
    'of 95 % intervals one in twenty misses, from 2 % on',
    'whyslow 0.1.0 reads opset 7 to 26.',
    'It took 30 s of sound in frames of 400.',
    '<!-- it took 0.5 ms -->',
  ])('%j holds none', (text) => {
    expect(found(text)).toEqual([])
  })
})

describe('a citation', () => {
  const results = new Map<string, Result>([
    [
      'run',
      { values: { cnn: { p50Us: 451.6, times: 243.4, rangeOfTimes: [188, 290] }, screen: ['One takes 4.20 ms', '', 'ok'] } },
    ],
  ])
  const problems = (text: string) => problemsOf(text, results, () => true)

  test('holds numbers to the digits that are typed, in the unit that is typed', () => {
    expect(problems('It takes 452 µs. <!-- run: run cnn.p50Us -->')).toEqual([])
    expect(problems('It takes 0.45 ms, 243 times as fast (188–290). <!-- run: run cnn -->')).toEqual([])
    expect(problems('It takes 0.46 ms. <!-- run: run cnn.p50Us -->')).toEqual([
      'line 1: 0.46 ms is typed, cnn.p50Us 451.6 was measured',
    ])
    expect(problems('It takes 451 µs. <!-- run: run cnn.p50Us -->')).toHaveLength(1)
    expect(problems('243 times as fast <!-- run: run cnn.p50Us -->')).toHaveLength(1)
  })

  test('is wanted of each number, names what exists, and has as many values as there are numbers', () => {
    expect(problems('Text.\n\nIt takes 0.45 ms.')).toEqual(['line 3: no run is named for 0.45 ms'])
    expect(problems('0.45 ms <!-- run: run cnn.p50Us --> and 0.50 ms')).toEqual(['line 1: no run is named for 0.50 ms'])
    expect(problems('0.45 ms <!-- run: other cnn -->')).toEqual(['line 1: bench/results/other.json does not exist'])
    expect(problems('0.45 ms <!-- run: run lstm -->')).toEqual(['line 1: bench/results/run.json has no lstm'])
    expect(problems('0.45 ms <!-- run: run -->')).toEqual(['line 1: run: no key is named'])
    expect(problems('as in `0.45 ms <!-- run: other cnn -->`')).toEqual([])
    expect(problems('0.45 ms <!-- run: run cnn -->')[0]).toMatch(/4 values .* for 1 numbers/)
  })

  test('of a table stands below it, of a screen above it', () => {
    const table = '| model | time |\n| --- | --- |\n| CNN | 0.45 ms |\n<!-- run: run cnn.p50Us -->'
    expect(problems(table)).toEqual([])
    const screen = (text: string) => `It prints:\n\n<!-- run: run screen -->\n\`\`\`\n${text}\n\`\`\`\n`
    expect(problems(screen('One takes 4.20 ms\n\nok'))).toEqual([])
    expect(problems(screen('One takes 4.30 ms\n\nok'))).toEqual(['line 5: the screen is not that of run'])
    expect(problems('```\nOne takes 4.20 ms\n```')).toEqual(['line 2: no run is named above the screen "One takes 4.20 ms"'])
    expect(problems("```\nwhyslow load --slo 'p99<20ms'\n```")).toEqual([])
  })

  test('gives each number its unit', () => {
    const said = (text: string) => numbersOf(text).map(({ digits, unit }) => `${digits} ${unit}`)
    expect(said('31 or 62 µs')).toEqual(['31 µs', '62 µs'])
    expect(said('14.7 s and 245 MB')).toEqual(['14.7 s', '245 MB'])
    expect(said('96.7 µs (84.3–101)')).toEqual(['96.7 µs', '84.3 µs', '101 µs'])
    expect(said('89,554 requests/s')).toEqual(['89554 null'])
  })
})
