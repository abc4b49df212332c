import { expect, test } from 'vitest'
import type { GgufTensor } from '../../recognize/gguf.ts'
import { ggufWeights } from './gguf-facts.ts'

const tensor = (name: string, type: string, shape: readonly number[], bytesEach: number): GgufTensor => {
  const elements = shape.reduce((all, size) => all * size, 1)
  return { name, shape, type: { name: type } as GgufTensor['type'], elements, sizeBytes: elements * bytesEach }
}
const embedding = tensor('token_embd.weight', 'F32', [64, 512], 4)
const body = tensor('blk.0.ffn_up.weight', 'Q4_1', [64, 256], 0.625)

test('matrices that a token is multiplied by, the head by its name', () => {
  const head = tensor('output.weight', 'Q8_0', [64, 512], 1.0625)
  const norm = tensor('blk.0.attn_norm.weight', 'F32', [64], 4)
  const experts = tensor('blk.0.ffn_up_exps.weight', 'Q4_0', [64, 256, 8], 0.5625)
  expect(
    ggufWeights([embedding, body, norm, experts, head]).map(({ node, role, dtype, bytes }) => [node, role, dtype, bytes]),
  ).toEqual([
    ['blk.0.ffn_up.weight', 'body', 'Q4_1', 10_240],
    ['output.weight', 'head', 'Q8_0', 34_816],
  ])
})

test('the embedding is the head where there is no other, and floats have their usual names', () => {
  expect(ggufWeights([embedding, body]).map(({ node, role, dtype }) => [node, role, dtype])).toEqual([
    ['token_embd.weight', 'head', 'float32'],
    ['blk.0.ffn_up.weight', 'body', 'Q4_1'],
  ])
})
