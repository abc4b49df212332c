// docs/method.md tells how a number comes about, and the numbers it names are constants of the source: changing one without the other fails.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { leastSamples } from '@whyslow/measure/statistics/percentiles.ts'
import { sharePassing } from '@whyslow/model/support/evidence/example-held-out.ts'
import { chancesOf, MACHINES, type Machine } from '@whyslow/model/support/tune/example-chance.ts'
import { describe, expect, test } from 'vitest'
import { onlyFull } from './only-full.ts'
import { ROOT } from './root.ts'
import { TOLD, type Told } from './support/told-numbers.ts'

const method = readFileSync(join(ROOT, 'docs/method.md'), 'utf8').replaceAll(/\s+/g, ' ')

/** The number that a file gives to a constant. Throws if it declares none so. */
function numberOf({ file, constant }: Told): number {
  const [name, key] = splitAtKey(constant)
  const declared = new RegExp(`\\bconst ${name}\\b[^=\\n]* = ([^\\n]+)`).exec(readFileSync(join(ROOT, file), 'utf8'))?.[1]
  const text = key === null ? declared : key.startsWith('at(') ? itemOf(declared, key) : entryOf(declared, key)
  const factors = text?.replaceAll('_', '').split(' * ') ?? []
  const value = factors
    .map((factor) =>
      factor
        .split(' ** ')
        .map(Number)
        .reduceRight((power, base) => base ** power),
    )
    .reduce((a, b) => a * b, 1)
  if (factors.length === 0 || Number.isNaN(value)) throw new Error(`${file} declares no number ${constant}`)
  return value
}

function splitAtKey(constant: string): [name: string, key: string | null] {
  const at = constant.indexOf('.')
  return at < 0 ? [constant, null] : [constant.slice(0, at), constant.slice(at + 1)]
}

/** Of an array, by the index in 'at(-1)'. */
const itemOf = (declared: string | undefined, key: string): string | undefined =>
  /\[([^\]]*)\]/
    .exec(declared ?? '')?.[1]
    ?.split(', ')
    .at(Number(key.slice('at('.length, -1)))

const entryOf = (declared: string | undefined, key: string): string | undefined =>
  new RegExp(`[{ ,]${key.replaceAll('.', '\\.')}: \\[?([\\d.e_-]+)`).exec(declared ?? '')?.[1]

describe('docs/method.md names the numbers of the source', () => {
  test.each(TOLD.map((one) => [one.file, one.constant, one] as const))('%s: %s', (_, __, one) => {
    expect(method).toContain(one.says(numberOf(one)))
  })

  test('and the samples that each percentile takes', () => {
    const [p90, p95, p99] = [0.9, 0.95, 0.99].map(leastSamples)
    expect(method).toContain(`${p90} samples for p90, ${p95} for p95, ${p99} for p99`)
  })

  test('and would notice another number', () => {
    const silent = TOLD.filter((one) => method.includes(one.says(numberOf(one) * 1.5 + 7)))
    expect(silent.map(({ file, constant }) => `${file} ${constant}`)).toEqual([])
  })
})

describe('docs/method.md names what made-up searches come to', () => {
  const SEEDS = 400
  // Half of a thousandth rounds up, whatever its double is.
  const thousandths = (share: number) => (Math.round(share * 1000 + 1e-9) / 1000).toFixed(3)
  const alone = (machine: Machine, gain: number) => chancesOf({ machine, gains: [gain], neutral: 7 }, SEEDS)

  test.for(Object.keys(MACHINES) as Machine[])('%s', async (machine, context) => {
    onlyFull(context, `${5 * SEEDS} searches a machine`)
    const beside = await chancesOf({ machine, gains: [1.3], neutral: 30 }, SEEDS)
    const none = await chancesOf({ machine, gains: [], neutral: 31 }, SEEDS)
    const small = [await alone(machine, 1.05), await alone(machine, 1.07), await alone(machine, 1.1)]
    const shares = [
      beside.neutralKept,
      beside.neutralShipped,
      none.changed,
      ...small.map(({ found }) => found[0]!),
      beside.found[0]!,
    ]
    expect(method).toContain(`(\`${machine}\`) | ${shares.map(thousandths).join(' | ')} |`)
  })

  test.for([400, 500, 600, 1000])('of a model that loses too much, %d rows', (rows, context) => {
    onlyFull(context, `${2 * SEEDS} choices a number of rows`)
    const shares = [sharePassing(rows, SEEDS, true), sharePassing(rows, SEEDS, false)]
    expect(method).toContain(`| ${rows} | ${shares.map(thousandths).join(' | ')} |`)
  })
})
