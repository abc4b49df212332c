// Every document in fixtures/reports is drawn at 80 columns and compared with the text beside it. A difference leaves a
// `-changed` file to be looked at; WHYSLOW_BLESS=1 accepts what is drawn now.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { BLESSES } from '../../../../test/blessing.ts'
import type { ReportDocument } from '../documents/report.ts'
import { answer } from './answer.ts'
import { renderMachine } from './machine-text.ts'
import { renderTerminal } from './terminal.ts'
import { cells } from './wrap.ts'

const folder = fileURLToPath(new URL('../../../../fixtures/reports/', import.meta.url))
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json') && !name.includes('-changed'))
  .map((name) => name.replace('.json', ''))
const read = (name: string) => JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as ReportDocument
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken off
const withoutColour = (text: string) => text.replace(/\u001b\[\d+m/g, '')

function checkGolden(name: string, text: string): void {
  const golden = `${folder}${name}.txt`
  const changed = `${folder}${name}-changed.txt`
  if (BLESSES) writeFileSync(golden, text)
  const known = existsSync(golden) ? readFileSync(golden, 'utf8') : ''
  if (text === known) rmSync(changed, { force: true })
  else writeFileSync(changed, text)
  expect(text, `see ${changed}; WHYSLOW_BLESS=1 accepts it`).toBe(known)
}

describe.each(names)('%s', (name) => {
  const doc = read(name)

  test('is drawn as before', () => checkGolden(name, renderTerminal(doc, { width: 80, colour: false })))

  test('its machine is drawn as before', () => {
    const machine = { ...doc.machine, engine: doc.engine, warnings: doc.warnings }
    checkGolden(`${name}.machine`, renderMachine(machine, { width: 80, colour: false }))
  })

  test('its answer is the sentence that its facts give', () => expect(answer(doc)).toBe(doc.answer))

  test.each([40, 57, 80, 132])('stays within %d columns, commands cut with a backslash', (width) => {
    const text = renderTerminal(doc, { width, colour: false })
    const long = text.split('\n').filter((line) => cells(line) > width)
    expect(long.filter((line) => !/^\s+(Next: |To change it: )?\S+( \\)?$/.test(line))).toEqual([])
  })

  test('colour adds nothing but colour, and nothing in the document steers the terminal', () => {
    const plain = renderTerminal(doc, { width: 80, colour: false })
    expect(withoutColour(renderTerminal(doc, { width: 80, colour: true }))).toBe(plain)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(plain).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  })
})

test('at most five findings are shown, notes come after them', () => {
  const text = renderTerminal(read('cnn'), { width: 80, colour: false })
  // The document holds six findings with a saving and one without.
  expect(text.match(/^\d\. /gm)).toEqual(['1. ', '2. ', '3. ', '4. ', '5. '])
  expect(text).toContain('1 more with smaller savings')
  expect(text.indexOf('Predictions hold the event loop')).toBeGreaterThan(text.indexOf('5. '))
})

test('rules that have nothing to be about have a line of their own', () => {
  const doc = { ...read('cnn'), doesNotApply: ['transfer-bound', 'gpu-underfed'] }
  expect(renderTerminal(doc, { width: 80, colour: false })).toMatch(/^Does not apply: transfer-bound, gpu-underfed\.$/m)
})
