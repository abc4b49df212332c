// A folder of an encoder as sentence-transformers and transformers.js have it: the vector of a token is its row of a table, so that what pooling gives can be
// worked out by hand.
import fs from 'node:fs'
import path from 'node:path'
import { floatTensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { tinyTokenizer } from '../tokenizer/tiny-tokenizer.ts'

export const VOCABULARY = 64
export const WIDTH = 4

/** The vector of a token. */
export const rowOf = (id: number): number[] => Array.from({ length: WIDTH }, (_, k) => ((id * (k + 3)) % 17) - 8)

export interface TextEncoderFiles {
  readonly config?: object
  readonly tokenizer?: object | null
  readonly tokenizerConfig?: object
  readonly pooling?: object
  readonly modules?: readonly string[]
  readonly sentenceBert?: object
  /** Of input_ids; default: both free. */
  readonly shape?: readonly [string | number, string | number]
  readonly output?: { readonly name: string; readonly scores?: number }
  readonly moreInputs?: readonly string[]
}

const table = () => floatTensor('table', [VOCABULARY, WIDTH], Array.from({ length: VOCABULARY }, (_, id) => rowOf(id)).flat())

export function writeTextEncoder(folder: string, files: TextEncoderFiles = {}): string {
  const { shape = ['batch', 'length'], output = { name: 'last_hidden_state' }, moreInputs = [] } = files
  const scores = output.scores
  const inputs = ['input_ids', 'attention_mask', 'token_type_ids', ...moreInputs].map((name) =>
    valueInfo(name, 'int64', [...shape]),
  )
  // Scores of the first token's class: its vector times ones.
  const graph =
    scores === undefined
      ? model({
          nodes: [node('Gather', ['table', 'input_ids'], [output.name])],
          initializers: [table()],
          inputs,
          outputs: [valueInfo(output.name, 'float32', [...shape, WIDTH])],
        })
      : model({
          nodes: [
            node('Gather', ['table', 'input_ids'], ['vectors']),
            node('ReduceMax', ['vectors'], ['text'], { axes: [1], keepdims: 0 }),
            node('MatMul', ['text', 'head'], [output.name]),
          ],
          initializers: [table(), floatTensor('head', [WIDTH, scores], new Array(WIDTH * scores).fill(1))],
          inputs,
          outputs: [valueInfo(output.name, 'float32', [shape[0], scores])],
        })
  fs.mkdirSync(path.join(folder, 'onnx'), { recursive: true })
  fs.mkdirSync(path.join(folder, '1_Pooling'), { recursive: true })
  fs.writeFileSync(path.join(folder, 'onnx', 'model.onnx'), writeModel(graph))
  const write = (name: string, value: unknown) =>
    value === undefined || value === null ? undefined : fs.writeFileSync(path.join(folder, name), JSON.stringify(value))
  write('config.json', {
    architectures: ['BertModel'],
    model_type: 'bert',
    max_position_embeddings: 512,
    pad_token_id: 0,
    ...files.config,
  })
  write('tokenizer.json', files.tokenizer === undefined ? tinyTokenizer(VOCABULARY) : files.tokenizer)
  write('tokenizer_config.json', { tokenizer_class: 'BertTokenizer', model_max_length: 16, ...files.tokenizerConfig })
  write('1_Pooling/config.json', files.pooling)
  write('sentence_bert_config.json', files.sentenceBert)
  const modules = files.modules?.map((type, idx) => ({
    idx,
    name: String(idx),
    path: type === 'Pooling' ? '1_Pooling' : '',
    type: `sentence_transformers.models.${type}`,
  }))
  write('modules.json', modules)
  return folder
}
