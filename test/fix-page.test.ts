// docs/fix.md knows every option and every goal of `fix`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { goals } from '@whyslow/model/remedies/kit/remedy.ts'
import { createProgram } from '@whyslow/whyslow/program.ts'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { ROOT } from './root.ts'

const page = readFileSync(join(ROOT, 'docs/fix.md'), 'utf8')
const program = createProgram({ version: '0.0.0', screen: {} as never, interrupt: () => new AbortController().signal })
const optionsOf = ({ options }: Pick<Command, 'options'>) =>
  options.filter(({ hidden }) => !hidden).map(({ short, long }) => short ?? long!)

test('every option that fix has of its own, and those that it shares where they matter', () => {
  const shared = new Set(optionsOf(program))
  const own = optionsOf(program.commands.find((one) => one.name() === 'fix')!).filter((flag) => !shared.has(flag))
  expect(own.length).toBeGreaterThan(10)
  const named = [...page.matchAll(/`(--?[a-z][a-z-]*)/g)].map(([, flag]) => flag)
  expect([...own, '--json', '--data', '--threads', '--refresh', '--no-cache'].filter((flag) => !named.includes(flag))).toEqual([])
})

test('every goal', () => {
  expect(goals.filter((goal) => !new RegExp(`^\\| \`${goal}\` `, 'm').test(page))).toEqual([])
})
