import { Command } from 'commander'
import { expect, expectTypeOf, test } from 'vitest'
import { LOAD_DEFAULTS } from '../../commands/load/options.ts'
import { SERVE_DEFAULTS } from '../../commands/serve/serve.ts'
import { commanderOption, type Options } from '../../terminal/flags/flag.ts'
import type { Stages } from '../stages.ts'
import { type CommandName, type FlagsOf, flags, optionsOf } from './flags.ts'

const STAGE_DEFAULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  load: { ...LOAD_DEFAULTS },
  serve: { ...SERVE_DEFAULTS },
}

type Stage = keyof Stages & CommandName
type OptionsTyped<C extends CommandName> = Options<(typeof flags)[C][number]>
/** The argument of the stage that is its options. */
type Known<C extends Stage> = keyof NonNullable<
  Parameters<Stages[C]>[1] extends object | undefined ? Parameters<Stages[C]>[1] : never
>

const typed = <C extends CommandName>(name: C, line: string): FlagsOf<C> => {
  const command = new Command().exitOverride().configureOutput({ outputError: () => {} })
  for (const flag of flags[name]) command.addOption(commanderOption(flag))
  return command.parse(line.split(' '), { from: 'user' }).opts()
}

test('a flag is called as its words say, and has the type that they and its parser give', () => {
  const given = typed('why', '--graph-optimization basic --shape x=1x3 --config a.b=1 --no-lock --quick')
  expect(given).toEqual({
    graphOptimization: 'basic',
    shape: new Map([['x', [1, 3]]]),
    config: { 'a.b': '1' },
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
  // One engine is refused with a message of its own.
  expectTypeOf<Exclude<keyof OptionsTyped<'fleet'>, Known<'fleet'>>>().toEqualTypeOf<'engine'>()
  expectTypeOf<Exclude<keyof OptionsTyped<'compare'>, Known<'compare'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'pipeline'>, Known<'pipeline'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'ab'>, Known<'ab'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'quantize'>, Known<'quantize'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'convert'>, Known<'convert'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'distill'>, Known<'distill'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'load'>, Known<'load'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'serve'>, Known<'serve'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'check'>, Known<'check'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'agent'>, keyof Parameters<Stages['agent']>[0]>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'study'>, Known<'study'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'foretell'>, Known<'foretell'>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'engines'>, keyof NonNullable<Parameters<Stages['listEngines']>[0]>>>().toBeNever()
  expectTypeOf<Exclude<keyof OptionsTyped<'machine'>, keyof NonNullable<Parameters<Stages['describeMachine']>[0]>>>().toBeNever()
})

/** What help says that a flag is without being typed, and what the stage has it at; those alone that the stage knows as a value. */
const told = (['load', 'serve'] as const).flatMap((name) =>
  flags[name].flatMap(({ words, help, name: option, parse, default: own }) => {
    const [, text] = /\(default: ([^)]+)\)/.exec(help) ?? []
    const known = own ?? (option === null ? null : STAGE_DEFAULTS[name]![option])
    return text === undefined || parse === undefined || known == null || text === '0'
      ? []
      : [[name, words, text, parse, known] as const]
  }),
)

test('some defaults are told', () => expect(told.map(([, words]) => words)).toContain('--timeout <duration>'))

test.each(told)('%s %s: the default %s in its help is that of the stage', (_, __, text, parse, known) =>
  expect(parse(text)).toEqual(known),
)
