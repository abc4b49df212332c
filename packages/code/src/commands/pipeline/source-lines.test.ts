// Lines that a report names, with what stands around them, and nothing else of a file.
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { sourceLines, sourceSince } from './source-lines.ts'

const ten = Array.from({ length: 10 }, (_, i) => `line ${i + 1}`).join('\n')
const numbers = (named: { file: string; line: number }[], text = ten) =>
  sourceLines(named, () => text).map(({ file, lines }) => [file, lines.map(({ line }) => line)])

describe('sourceLines', () => {
  test('takes two lines around each, each once, within the file', () => {
    expect(
      numbers([
        { file: 'a.py', line: 5 },
        { file: 'b.py', line: 1 },
        { file: 'a.py', line: 6 },
        { file: 'a.py', line: 10 },
      ]),
    ).toEqual([
      ['a.py', [3, 4, 5, 6, 7, 8, 9, 10]],
      ['b.py', [1, 2, 3]],
    ])
  })

  test('gives the text of each line, whatever ends it', () => {
    const [found] = sourceLines([{ file: 'a.py', line: 2 }], () => 'def f():\r\n\treturn 1\r\n\r\n')
    expect(found!.lines).toEqual([
      { line: 1, text: 'def f():' },
      { line: 2, text: '\treturn 1' },
      { line: 3, text: '' },
    ])
  })

  test('leaves out a line that is not in the file, and a file that cannot be read', () => {
    expect(numbers([{ file: 'a.py', line: 40 }])).toEqual([])
    expect(sourceLines([{ file: 'a.py', line: 1 }], () => null)).toEqual([])
  })

  test('cuts what a machine wrote, and no character in two', () => {
    const [found] = sourceLines([{ file: 'a.js', line: 1 }], () => `${'x'.repeat(299)}😀${'y'.repeat(1000)}`)
    expect(found!.lines[0]!.text).toBe(`${'x'.repeat(299)}…`)
  })
})

describe('sourceSince', () => {
  const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-sources-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const written = (name: string) => {
    const file = join(folder, name)
    writeFileSync(file, 'x = 1\n')
    utimesSync(file, 1000, 1000)
    return file
  }

  test('reads code that is as it ran, and nothing else', () => {
    const read = sourceSince(2_000_000)
    expect(read(written('a.py'))).toBe('x = 1\n')
    expect(sourceSince(999_000)(written('a.py'))).toBeNull()
    expect(read(written('secrets.env'))).toBeNull()
    expect(read(folder)).toBeNull()
    expect(read(join(folder, 'none.py'))).toBeNull()
  })
})
