import fs from 'node:fs'
import path from 'node:path'
import { exampleGeneration } from '@whyslow/report/support/documents/example-generation.ts'
import { expect, test } from 'vitest'
import { scratch } from '../../../../../test/support/made-folders.ts'
import type { Bench } from '../../prove/bench.ts'
import { PLAIN_OPTIONS } from '../../prove/setup.ts'
import { proofTextsOf } from './prompt-ids.ts'

/** Texts that are turned into tokens for a proof on a model whose tokenizer is so configured. */
async function textsWith(config: object, users: readonly string[]): Promise<readonly string[]> {
  const source = scratch()
  fs.writeFileSync(path.join(source, 'tokenizer_config.json'), JSON.stringify(config))
  let texts: readonly string[] = []
  const bench = {
    async encoded(_, given) {
      texts = given
      return { outcome: 'measured', value: given.map(() => [1]) }
    },
  } satisfies Pick<Bench, 'encoded'> as unknown as Bench
  await proofTextsOf({ base: { engine: 'e', source, options: PLAIN_OPTIONS, loop: null }, bench }, exampleGeneration, users)
  return texts
}

const BEGINNING = { add_bos_token: true, bos_token: '<s>' }

test('texts begin as the folder begins them', async () => {
  const texts = await textsWith(BEGINNING, ['Mine.'])
  expect(texts[0]).toBe('<s>Mine.')
  // Twenty prompts, then what is rated: the user's again, and passages.
  expect(texts[20]).toBe('<s>Mine.')
  expect(texts.length).toBeGreaterThan(25)
  for (const text of texts) expect(text).toMatch(/^<s>[^<]/)
})

test('made-up sentences are messages if there is a template; what the user gives stays a text', async () => {
  const template = '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[answer]'
  const [first, second] = await textsWith({ ...BEGINNING, chat_template: template }, ['Mine.'])
  expect(first).toBe('<s>Mine.')
  expect(second).toMatch(/^<s>\[user\][^[]+\[answer\]$/)
})
