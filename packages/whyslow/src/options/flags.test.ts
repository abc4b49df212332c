import { AB_DEFAULTS } from '@whyslow/code/commands/ab/ab.ts'
import { commanderOption, type Flag, formerOptions, type Options } from '@whyslow/command/terminal/flags/flag.ts'
import { EMBED_DEFAULTS } from '@whyslow/generation/commands/embed/options.ts'
import { GENERATE_DEFAULTS } from '@whyslow/generation/commands/generate/options.ts'
import { COMPARE_DEFAULTS } from '@whyslow/model/commands/compare/options.ts'
import { FIX_DEFAULTS } from '@whyslow/model/commands/fix/options.ts'
import { LOAD_DEFAULTS } from '@whyslow/serving/commands/load/options.ts'
import { SERVE_DEFAULTS } from '@whyslow/serving/commands/serve/serve.ts'
import { Command } from 'commander'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Stages } from '../stages.ts'
import { type CommandName, type FlagsOf, flags, optionsOf } from './flags.ts'

const STAGE_DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  load: { ...LOAD_DEFAULTS },
  serve: { ...SERVE_DEFAULTS },
  fix: { ...FIX_DEFAULTS },
  compare: { ...COMPARE_DEFAULTS },
  ab: { ...AB_DEFAULTS },
  generate: { ...GENERATE_DEFAULTS },
  embed: { ...EMBED_DEFAULTS },
}

/** Flags that do nothing unless they are typed. */
const NO_DEFAULT = new Set(
  `against baseline body call csv data goodput grpcPort header here imageDtype imageLayout imageNormalize imageSize key known labels latency machine model
   allowHost concurrency out parquet price rate reference require saveEvidence saveInputs saveProfile saveTrace sessionConfig size slo store tokenizer value`.split(
    /\s+/,
  ),
)

type Stage = keyof Stages & CommandName
type OptionsTyped<C extends CommandName> = Options<(typeof flags)[C][number]>
/** The argument of the stage that is its options. */
type Known<C extends Stage> = keyof NonNullable<
  Parameters<Stages[C]>[1] extends object | undefined ? Parameters<Stages[C]>[1] : never
>

const typed = <C extends CommandName>(name: C, line: string): FlagsOf<C> => {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} })
  for (const flag of flags[name]) for (const option of [commanderOption(flag), ...formerOptions(flag)]) command.addOption(option)
  return command.parse(line.split(' '), { from: 'user' }).opts()
}

test('a flag is called as its words say, and has the type that they and its parser give', () => {
  const given = typed('why', '--graph-optimization basic --shape x=1x3 --session-config a.b=1 --no-lock --quick')
  expect(given).toEqual({
    graphOptimization: 'basic',
    shape: new Map([['x', [1, 3]]]),
    sessionConfig: { 'a.b': '1' },
    cache: 'use',
    lock: false,
    progress: true,
    quick: true,
  })
  expectTypeOf(given.shape).toEqualTypeOf<Map<string, readonly number[]> | undefined>()
  expectTypeOf(given.lock).toEqualTypeOf<boolean>()
  expectTypeOf(given.json).toEqualTypeOf<string | undefined>()
  expectTypeOf(given.graphOptimization).toEqualTypeOf<'disabled' | 'basic' | 'extended' | 'all'>()
})

test('what was typed becomes options of the stage by their names; the rest is for the command line', () => {
  expect(optionsOf('check', typed('check', '--json - --batch 4 --memory-limit 2k --refresh --save-inputs dir'))).toEqual({
    batch: 4,
    memoryLimitBytes: 2000,
    cache: 'refresh',
    saveInputs: 'dir',
    graphOptimization: 'all',
    failAbove: 1.1,
  })
  expect(
    optionsOf('load', typed('load', '--rate 5,7 --max-batch auto --batch-delay 5ms --body a --body b --no-alternatives')),
  ).toEqual({
    rates: [5, 7],
    maxBatch: 'auto',
    batchDelayMs: 5,
    bodies: ['a', 'b'],
    alternatives: false,
  })
})

test('a flag sets an option that its stage knows', () => {
  expectTypeOf<Exclude<keyof OptionsTyped<'why'>, Known<'why'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'fix'>, Known<'fix'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'lint'>, Known<'lint'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'fleet'>, Known<'fleet'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'compare'>, Known<'compare'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'pipeline'>, Known<'pipeline'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'ab'>, Known<'ab'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'generate'>, Known<'generate'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'embed'>, Known<'embed'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'quantize'>, Known<'quantize'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'convert'>, Known<'convert'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'distill'>, Known<'distill'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'load'>, Known<'load'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'serve'>, Known<'serve'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'check'>, Known<'check'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'agent'>, keyof Parameters<Stages['agent']>[0]>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'study'>, Known<'study'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'foretell'>, keyof Parameters<Stages['estimate']>[1]>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'engines'>, keyof NonNullable<Parameters<Stages['listEngines']>[0]>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'machine'>, keyof NonNullable<Parameters<Stages['describeMachine']>[0]>>>().toBeNever()
})

/** The defaults of stages that are one value, and what help says of them. */
const usual = (['load', 'serve', 'fix', 'compare', 'ab', 'generate', 'embed'] as const).flatMap((name) =>
  flags[name].flatMap(({ words, usual: text, parse, name: option }) => {
    const known = option === null ? null : STAGE_DEFAULTS[name]![option]
    return text === undefined || parse === undefined || known == null || known instanceof Map || text === '0'
      ? []
      : [[name, words, text, parse as (text: string) => unknown, known] as const]
  }),
)

test('some defaults are shown', () => expect(usual.map(([, words]) => words)).toContain('--timeout <duration>'))

test.each(usual)('%s %s: the default %s in its help is that of the stage', (_, __, text, parse, known) =>
  expect(parse(text)).toEqual(known),
)

describe.each(Object.entries(flags))('%s', (name, rows: readonly Flag[]) => {
  const options = rows.flatMap((row) => [commanderOption(row), ...formerOptions(row)])

  test('at most twelve flags are outside of the advanced ones', () =>
    expect(rows.filter(({ group }) => group !== 'advanced').length).toBeLessThanOrEqual(12))

  test('no name is used twice, by what is shown or by what was', () => {
    const names = options.map(({ long }) => long)
    expect(names.filter((long, at) => names.indexOf(long) !== at)).toEqual([])
  })

  test.each(options.filter(({ hidden }) => hidden).map((option) => [option.long!, option] as const))(
    '%s, a name of before, sets what its flag sets, and is not shown',
    (long, option) => {
      const row = rows.find(({ formerly }) => formerly?.includes(long))!
      expect(option.attributeName()).toBe(row.key)
      expect(option.long).not.toBe(commanderOption(row).long)
    },
  )

  test('nothing that takes a value hides its default, unless there is none', () => {
    const without = rows.filter((row) => /[<]/.test(row.words) && row.usual === undefined && row.default === undefined)
    expect(without.map(({ key }) => key).filter((key) => !NO_DEFAULT.has(key))).toEqual([])
    expect(name).toBeTruthy()
  })
})

test('a name of before is parsed as its flag is, repeated or not', () => {
  expect(typed('why', '--seconds 2m --config a=1 --session-config b=2')).toMatchObject({
    duration: 120,
    sessionConfig: { a: '1', b: '2' },
  })
  expect(typed('load', '--clients 1,8 --method PUT --queue 3')).toMatchObject({
    concurrency: [1, 8],
    httpMethod: 'PUT',
    queueSize: 3,
  })
  expect(typed('fleet', '--engine ort-cpu')).toMatchObject({ engines: ['ort-cpu'] })
})

test('the file of a document may be left out: standard output', () => {
  expect(typed('why', '--json --html page.html')).toMatchObject({ json: '-', html: 'page.html' })
})
