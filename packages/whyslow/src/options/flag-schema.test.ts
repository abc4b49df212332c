import { commanderOption, type Flag, flag } from '@whyslow/command/terminal/flags/flag.ts'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { mismatch, pathUse, schemaOf, wordsOf } from './flag-schema.ts'
import { flags } from './flags.ts'

const named = (command: keyof typeof flags, key: string): Flag =>
  (flags[command] as readonly Flag[]).find((one) => one.key === key)!
/** What commander makes of the words. */
const parsed = (one: Flag, words: readonly string[]) =>
  new Command().addOption(commanderOption(one)).exitOverride().parse(words, { from: 'user' }).opts()[one.key]

describe('the schema of a flag', () => {
  test.each([
    ['why', 'quick', { type: 'boolean', description: 'three processes instead of five, no sweeps' }],
    ['why', 'batch', { type: 'integer', minimum: 1, description: 'samples per prediction (default: as in the inputs)' }],
    [
      'why',
      'value',
      { type: 'array', items: { type: 'string' }, description: "an input's value, as in sr=16000 (each as in name=value)" },
    ],
    [
      'fix',
      'budget',
      {
        type: ['number', 'string'],
        description: expect.stringMatching(/ \(seconds, or as in 2m; default: 75s, more for slow models\)$/),
      },
    ],
    ['fix', 'only', { type: 'array', items: { type: 'string' }, description: 'remedies to try (default: all that fit)' }],
    [
      'fix',
      'require',
      { type: 'number', exclusiveMinimum: 0, description: expect.stringMatching(/^speed-up that must be proven/) },
    ],
    [
      'quantize',
      'bits',
      { type: 'integer', enum: [8, 4], description: 'bits for weight-only quantization (default: 8 or 4, the faster)' },
    ],
    [
      'compare',
      'batch',
      { type: 'array', items: { type: 'integer', minimum: 1 }, description: expect.stringMatching(/^samples per prediction \(/) },
    ],
  ] as const)('%s %s', (command, key, schema) => expect(schemaOf(named(command, key))).toEqual(schema))

  test('has the default of the flag', () => expect(schemaOf(named('check', 'failAbove'))).toMatchObject({ default: 1.1 }))

  test('is not made up for a parser that is not known', () => {
    expect(() => schemaOf(flag('--new <thing>', 'something', (text) => text.length))).toThrow(/does not know the parser/)
  })
})

test('paths are known by their parsers', () => {
  expect([named('why', 'data'), named('fix', 'out'), named('check', 'against'), named('fix', 'only')].map(pathUse)).toEqual([
    'input',
    'output',
    'input',
    null,
  ])
})

test.each([
  ['why', 'quick', true, true],
  ['why', 'quick', false, undefined],
  ['why', 'batch', 4, 4],
  ['why', 'duration', 1.5, 1.5],
  ['why', 'duration', '2m', 120],
  ['why', 'memoryLimit', '2k', 2000],
  ['why', 'labels', '--json', '--json'],
  ['fix', 'only', ['a', 'b'], ['a', 'b']],
  ['fix', 'only', [], undefined],
  ['fix', 'require', 1.5, 1.5],
  ['quantize', 'bits', 4, 4],
  ['compare', 'batch', [1, 8], [1, 8]],
  [
    'why',
    'value',
    ['a=1', 'b=x y'],
    new Map([
      ['a', '1'],
      ['b', 'x y'],
    ]),
  ],
  ['why', 'shape', ['x=1x3'], new Map([['x', [1, 3]]])],
] as const)('%s %s %j is typed so that it is read as it was given', (command, key, value, read) => {
  const one = named(command, key)
  expect(mismatch(schemaOf(one), value)).toBeNull()
  expect(parsed(one, wordsOf(one, value))).toEqual(read)
})

test.each([
  ['why', 'quick', 'yes', 'must be boolean'],
  ['why', 'batch', 1.5, 'must be integer'],
  ['why', 'batch', '4', 'must be integer'],
  ['why', 'duration', [1], 'must be number or string'],
  ['fix', 'only', 'a', 'must be array'],
  ['fix', 'only', ['a', 1], 'each must be string'],
  ['fix', 'for', 'speed', 'must be one of latency, throughput, load-time, memory, size'],
  ['why', 'labels', null, 'must be string'],
] as const)('%s %s %j: %s', (command, key, value, why) => expect(mismatch(schemaOf(named(command, key)), value)).toBe(why))
