import { expect, test } from 'vitest'
import { csvRows } from './csv.ts'

test.each([
  [
    'a mark of the byte order',
    '\uFEFFa,b\n1,2',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  ['a mark of the byte order before a quote', '\uFEFF"a",b\n', [['a', 'b']]],
  [
    'quoted separators, line ends and quotes',
    '"a,b","c\nd"\r\n"say ""x""",2\n',
    [
      ['a,b', 'c\nd'],
      ['say "x"', '2'],
    ],
  ],
  [
    'semicolons',
    'a;b\n1;2',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    'semicolons beside quoted commas',
    '"a,b";c\n1;2',
    [
      ['a,b', 'c'],
      ['1', '2'],
    ],
  ],
  ['semicolons inside quotes alone', '"a;b"\n1', [['a;b'], ['1']]],
  [
    'blank lines, and lines of empty cells',
    'a\tb\r\n\r\n \n\t\n',
    [
      ['a', 'b'],
      ['', ''],
    ],
  ],
  [
    'lines of empty cells among quotes',
    '"a"\tb\n\n\t\n',
    [
      ['a', 'b'],
      ['', ''],
    ],
  ],
  ['a quote that never closes', 'a\n"b,c\n', [['a'], ['b,c\n']]],
  ['nothing', '', []],
])('%s', (_, text, rows) => expect([...csvRows(text)]).toEqual(rows))
