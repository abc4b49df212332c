// The two sides of a page's numbers, on pages that draw what they must and no more: a number that is another is told, as is one that is gone.
// That real pages pass is in test/page/each-document.test.ts.
import { describe, expect, test } from 'vitest'
import { recorded } from '../page/documents.ts'
import type { DrawnText } from '../page/drawn-numbers.ts'
import { strangers } from '../page/known-numbers.ts'
import { missing, mustDraw } from '../page/must-draw.ts'
import { numbersIn } from '../page/number-words.ts'

const pageOf = (document: object): DrawnText[] =>
  mustDraw(document).map(({ on = 'answer', text }) => ({ place: `${on} row`, text }))

/** A text with one of its numbers one step off in its last digit. */
function off(text: string, one: string): string {
  const at = /\d(?=\D*$)/.exec(one.replace(/ \(.*$/, ''))!.index
  return text.replace(one, `${one.slice(0, at)}${(Number(one[at]) + 1) % 10}${one.slice(at + 1)}`)
}

/** Some that are off are another number of the document by chance: percents most often, of which there are a hundred. */
const LEAST_TOLD = 0.6

const KINDS = [
  'cnn',
  'trace',
  'load',
  'generation',
  'embedding',
  'study',
  'compare',
  'ab',
  'gap',
  'distill',
  'lint-s8',
  'pipeline',
  'fix',
]

describe.each(KINDS)('%s', (name) => {
  const document = recorded[name]!
  const page = pageOf(document)

  test('a page that draws what it must passes', () => {
    expect(page.length).toBeGreaterThan(5)
    expect(strangers(page, [document])).toEqual([])
    expect(missing(page, document)).toEqual([])
  })

  test('a number that is one step off belongs to no field', () => {
    const wrong = page
      .flatMap(({ place, text }) => [...new Set(numbersIn(text))].map((one) => ({ place, text: off(text, one) })))
      .map(({ place, text }, at) => ({ place: `${place} ${at}`, text }))
    const told = strangers(wrong, [document])
    const many = wrong.filter(({ place }) => told.some((one) => one.endsWith(`(${place})`))).length
    expect(many / wrong.length).toBeGreaterThan(LEAST_TOLD)
  })

  test('what is not drawn is missing', () => {
    for (const at of [0, Math.floor(page.length / 2), page.length - 1]) {
      const { text } = page[at]!
      const rest = page.filter((one) => !one.text.includes(text))
      expect(missing(rest, document).join('\n')).toContain(text)
    }
  })
})

test('numbers with a unit are read with their intervals, ranges and signs', () => {
  const intervals = ['41.2 ms (40.9–41.6)', '346–408 µs', '1.2–1.4×']
  const single = ['<1 %', '+3.89 ms', '-22 µs', '2.39 MB', '126 GFLOP/s', '3.67 M', '40.0 requests/s']
  expect(numbersIn([...intervals, ...single].join(', '))).toEqual([...intervals, ...single])
  expect(numbersIn('images float32 1×3×224×224, opset 17, sha256 35c6, v1.30.0, float32')).toEqual([])
})
