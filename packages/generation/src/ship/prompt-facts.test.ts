import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { scratch } from '../../../../test/support/made-folders.ts'
import { licenceOf } from './licence.ts'
import { promptFactsOf } from './prompt-facts.ts'

function folderWith(files: Readonly<Record<string, object | string>>): string {
  const folder = scratch('test-whyslow-prompts-')
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
  }
  return folder
}

test('the template and special tokens as transformers writes them', () => {
  const folder = folderWith({
    'tokenizer_config.json': {
      ...{ bos_token: { content: '<s>' }, eos_token: '</s>', pad_token: null, add_bos_token: true },
      chat_template: [
        { name: 'tool_use', template: 'tools' },
        { name: 'default', template: 'plain' },
      ],
    },
    'model.onnx': '',
  })
  const expected = { beginning: '<s>', chatTemplate: 'plain', specialTokens: { bos_token: '<s>', eos_token: '</s>' } }
  expect(promptFactsOf(folder)).toEqual(expected)
  expect(promptFactsOf(path.join(folder, 'model.onnx'))).toEqual(expected)
})

test('a template in a file of its own comes first; the tokenizer is above onnx/', () => {
  const folder = folderWith({
    'tokenizer_config.json': { chat_template: 'old' },
    'tokenizer.json': {},
    'chat_template.jinja': 'new',
    'onnx/model_q4.onnx': '',
  })
  expect(promptFactsOf(path.join(folder, 'onnx/model_q4.onnx'))).toEqual({
    ...{ beginning: null, chatTemplate: 'new', specialTokens: {} },
  })
})

test('the beginning that a tokenizer puts before a text, unless the configuration says no', () => {
  const single = [{ SpecialToken: { id: '<|begin|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]
  const tokenizer = {
    post_processor: { type: 'Sequence', processors: [{ type: 'ByteLevel' }, { type: 'TemplateProcessing', single }] },
  }
  expect(promptFactsOf(folderWith({ 'tokenizer.json': tokenizer })).beginning).toBe('<|begin|>')
  const refused = folderWith({ 'tokenizer.json': tokenizer, 'tokenizer_config.json': { add_bos_token: false } })
  expect(promptFactsOf(refused).beginning).toBeNull()
  expect(promptFactsOf(folderWith({ 'tokenizer.json': { post_processor: null } })).beginning).toBeNull()
  expect(promptFactsOf(folderWith({}))).toEqual({ beginning: null, chatTemplate: null, specialTokens: {} })
})

test('what files say of the licence', () => {
  const folder = folderWith({
    'README.md': '---\nlanguage: en\nlicense: apache-2.0\n---\n# Model\nlicense: not this',
    'LICENSE.txt': '\n  Apache License  \nVersion 2.0',
    'model.onnx': '',
  })
  const said = ['The model card says: apache-2.0', '`LICENSE.txt` next to the model: Apache License']
  expect(licenceOf(folder)).toEqual(said)
  expect(licenceOf(path.join(folder, 'model.onnx'))).toEqual(said)
  expect(licenceOf(folderWith({ 'README.md': '# Nothing' }))).toEqual([])
})

test("how the model's makers would have tokens chosen", () => {
  const of = (config: object) => promptFactsOf(folderWith({ 'generation_config.json': config })).recommended
  // As Qwen2.5 has it.
  expect(of({ do_sample: true, temperature: 0.7, top_p: 0.8, top_k: 20, repetition_penalty: 1.05 })).toEqual({
    ...{ temperature: 0.7, topP: 0.8, topK: 20, repetitionPenalty: 1.05 },
  })
  // Greedy, to which the penalty applies, too.
  expect(of({ temperature: 0.7, top_k: 20, repetition_penalty: 1.1 })).toEqual({ repetitionPenalty: 1.1 })
  expect(of({ do_sample: true, temperature: 0, top_p: 1, min_p: 'x', repetition_penalty: 1 })).toBeUndefined()
})
