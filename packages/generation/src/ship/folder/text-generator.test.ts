import { expect, expectTypeOf, test } from 'vitest'
import { type RuleOptions, ruleGenerator } from '../../../test/support/rule-generator.ts'
import type * as shipped from '../shipped/generate.d.mts'
import { chatTemplate } from './chat-template.ts'
import { type GenerateOptions, type Prompt, type TextGenerator, textGenerator } from './text-generator.ts'

const LOOP = { prefixCache: true, lookup: null }
const FACTS = { beginning: null, specialTokens: { bos_token: '<s>' } }
/** As models have them: roles in marks, the assistant's mark at the end. */
const CHATML =
  "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

test('a chat template renders messages, and what it refuses is one line', () => {
  const template = chatTemplate({ ...FACTS, chatTemplate: CHATML })!
  expect(template([{ role: 'user', content: 'Hi' }])).toBe('<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n')
  const strict = chatTemplate({ ...FACTS, chatTemplate: "{{ raise_exception('no system message') }}" })!
  expect(() => strict([{ role: 'system', content: '' }])).toThrow('the chat template refuses these messages: no system message')
  expect(() => chatTemplate({ ...FACTS, chatTemplate: '{% if %}' })).toThrow('the chat template of the model cannot be read: ')
  expect(chatTemplate({ ...FACTS, chatTemplate: null })).toBeNull()
})

test('a template takes tools and other values, and knows what OpenAI calls a developer', () => {
  const text =
    '{% for t in tools or [] %}[{{ t.name }}]{% endfor %}{% for m in messages %}{{ m.role }}:{{ m.content }}{{ m.tool_call_id }};{% endfor %}'
  const template = chatTemplate({ ...FACTS, chatTemplate: text })!
  const messages = [
    { role: 'developer', content: 'Be brief' },
    { role: 'tool', content: '5', tool_call_id: 'a' },
  ]
  expect(template(messages, { tools: [{ name: 'add' }] })).toBe('[add]system:Be brief;tool:5a;')
  expect(template(messages)).toBe('system:Be brief;tool:5a;')
  const knows = chatTemplate({ ...FACTS, chatTemplate: `{# developer #}${text}` })!
  expect(knows(messages)).toMatch(/^developer:/)
})

test('the shipped types are those of the code', () => {
  expectTypeOf<shipped.TextGenerator>().toEqualTypeOf<TextGenerator>()
  expectTypeOf<shipped.GenerateOptions>().toEqualTypeOf<GenerateOptions>()
  expectTypeOf<shipped.Prompt>().toEqualTypeOf<Prompt>()
})

test('texts, ids and messages are prompts', async () => {
  const generator = textGenerator(ruleGenerator(), LOOP, FACTS, (messages) => messages.map(({ content }) => content).join(''))
  const options = { maxNewTokens: 5 }
  const { text, generatedTokens } = await generator.complete('abc', options)
  expect([text.length, generatedTokens]).toEqual([5, 5])
  expect((await generator.complete([0, 1, 2], options)).text).toBe(text)
  expect((await generator.complete([{ role: 'user', content: 'abc' }], options)).text).toBe(text)
  const ids: number[] = []
  for await (const { id } of generator.generate('abc', options)) ids.push(id)
  expect(generator.decode(ids)).toBe(text)
  await generator.close()
})

test('a beginning that the tokenizer puts before texts, not before ids or messages', async () => {
  const generator = textGenerator(ruleGenerator(), LOOP, { beginning: 'zz' }, ([message]) => message!.content)
  const tokens = async (prompt: Parameters<typeof generator.complete>[0]) =>
    (await generator.complete(prompt, { maxNewTokens: 1 })).promptTokens
  expect([await tokens('abc'), await tokens([1, 2, 3]), await tokens([{ role: 'user', content: 'abc' }])]).toEqual([5, 3, 3])
})

test('the same seed draws the same text, and every call another one without', async () => {
  const flat = ruleGenerator({ bend: (logits) => logits.fill(0) })
  const generator = textGenerator(flat, LOOP, FACTS, null)
  const drawn = async (seed?: number) =>
    (await generator.complete('abc', { maxNewTokens: 20, temperature: 1, ...(seed === undefined ? {} : { seed }) })).text
  expect(await drawn(3)).toBe(await drawn(3))
  expect(await drawn(4)).not.toBe(await drawn(3))
  expect(await drawn()).not.toBe(await drawn())
})

test('penalties change what is chosen, of guesses, too', async () => {
  const same = ruleGenerator({ next: () => 1 })
  const generator = textGenerator(same, { prefixCache: true, lookup: { most: 4, least: 1 } }, FACTS, null)
  const text = async (options: object) => (await generator.complete('abc', { maxNewTokens: 6, ...options })).text
  expect(await text({})).toBe('bbbbbb')
  // The best logit is 10, the others are below 1.
  expect((await text({ presencePenalty: 20 })).slice(0, 2)).toMatch(/^b[^b]$/)
  expect((await text({ repetitionPenalty: 100 }))[0]).not.toBe('b')
})

test('what comes twice, and an end that comes early, are forbidden, of guesses, too', async () => {
  const lookup = { prefixCache: true, lookup: { most: 4, least: 1 } }
  const text = async (script: RuleOptions, options: object) =>
    (await textGenerator(ruleGenerator(script), lookup, FACTS, null).complete('abc', { maxNewTokens: 6, ...options })).text
  const same = { next: () => 1 }
  expect(await text(same, { noRepeatNgramSize: 2 })).toMatch(/^bb[^b]b[^b]/)
  expect(await text(same, { noRepeatNgramSize: 0 })).toBe('bbbbbb')
  const ending = { next: () => 25, endIds: [25] }
  expect(await text(ending, {})).toBe('')
  expect(await text(ending, { minNewTokens: 3 })).toMatch(/^[a-y]{3}$/)
})

test.each([
  [{ noRepeatNgramSize: -1 }, 'noRepeatNgramSize -1: give a whole number from 0'],
  [{ minNewTokens: 1.5 }, 'minNewTokens 1.5: give a whole number from 0'],
  [{ temperature: -1 }, 'temperature -1: give 0 or more'],
  [{ topK: 0 }, 'topK 0: give a whole number from 1'],
  [{ topP: 2 }, 'topP 2: give a number above 0 and at most 1'],
  [{ minP: 2 }, 'minP 2: give a number from 0 to 1'],
  [{ repetitionPenalty: 0 }, 'repetitionPenalty 0: give a number above 0'],
  [{ presencePenalty: Number.NaN }, 'presencePenalty NaN: give a number'],
])('%j is refused', (options, message) => {
  const generator = textGenerator(ruleGenerator(), LOOP, FACTS, null)
  expect(() => generator.generate('abc', options)).toThrow(message)
  expect(() => generator.generate([{ role: 'user', content: 'a' }])).toThrow('the model has no chat template')
})

test('without a tokenizer: ids alone', async () => {
  const generator = textGenerator({ ...ruleGenerator(), encode: null, decode: null }, LOOP, FACTS, null)
  expect(await generator.complete([1, 2], { maxNewTokens: 3 })).toMatchObject({ text: '', generatedTokens: 3 })
  expect(() => generator.generate('abc')).toThrow('the model has no tokenizer: give the prompt as token ids')
  expect(() => generator.decode([1])).toThrow('the model has no tokenizer')
})
