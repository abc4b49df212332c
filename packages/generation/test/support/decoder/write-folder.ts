// A folder as transformers.js and optimum have them: config.json, tokenizer.json, onnx/model.onnx and its variants.
import fs from 'node:fs'
import path from 'node:path'
import { writeModel } from '@whyslow/graph/build.ts'
import { END_ID, tinyTokenizer } from '../tokenizer/tiny-tokenizer.ts'
import type { DecoderWeights } from './weights.ts'
import { type DecoderForm, embeddingModel, encoderModel, writeDecoder } from './write-decoder.ts'

export interface FolderOptions {
  /** File names within onnx/ and what is in them; default: one model in float32. */
  readonly models?: Readonly<Record<string, DecoderForm>>
  readonly config?: Readonly<Record<string, unknown>>
  /** Default true. */
  readonly tokenizer?: boolean
}

/** config.json of these weights. */
export const configOf = ({ shape, family }: DecoderWeights): Record<string, unknown> => ({
  architectures: [family === 'llama' ? 'LlamaForCausalLM' : 'GPT2LMHeadModel'],
  model_type: family,
  hidden_size: shape.width,
  num_hidden_layers: shape.layers,
  num_attention_heads: shape.heads,
  num_key_value_heads: shape.kvHeads,
  vocab_size: shape.vocabulary,
  max_position_embeddings: shape.context,
  eos_token_id: END_ID,
})

export function writeFolder(folder: string, weights: DecoderWeights, options: FolderOptions = {}): string {
  const { models = { 'model.onnx': {} }, config = {}, tokenizer = true } = options
  const encoder = path.join(folder, 'onnx', 'encoder_model.onnx')
  for (const [name, form] of Object.entries(models)) writeDecoder(path.join(folder, 'onnx', name), weights, form)
  if (weights.cross !== null) fs.writeFileSync(encoder, writeModel(encoderModel(weights)))
  if (Object.values(models).some(({ embeddings }) => embeddings === 'apart'))
    fs.writeFileSync(path.join(folder, 'onnx', 'embed_tokens.onnx'), writeModel(embeddingModel(weights)))
  const write = (name: string, value: unknown) => fs.writeFileSync(path.join(folder, name), JSON.stringify(value))
  write('config.json', { ...configOf(weights), ...config })
  if (tokenizer) {
    write('tokenizer.json', tinyTokenizer(weights.shape.vocabulary))
    write('tokenizer_config.json', { tokenizer_class: 'GPT2Tokenizer', clean_up_tokenization_spaces: false })
  }
  return folder
}
