import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

// A softmax over n scores in r rows: 4n simple, n + r special; scaling the scores n more, a mask n more.

test('Attention with its projection', () => {
  // B 1, S 4, I 6, heads 2, widths 6. Projection 4 * 6 * 18 = 432; products 4 * 4 * 12 = 192: 624 MACs. Bias 4 * 18 = 72;
  // scores 2 * 4 * 4 = 32 in 8 rows: 32 * 5 = 160. Special 40.
  // x 24, w 108, b 18, y 24: 174 elements, 696 B; scores 4 * 128 B, projection written and read 2 * 288 B
  checkOperator(
    {
      operator: 'com.microsoft:Attention',
      inputs: ['1x4x6', '!6x18', '!18'],
      outputs: ['1x4x6'],
      attributes: { num_heads: 2 },
    },
    { macs: 624, simpleOps: 232, specialOps: 40, bytes: 696, streamingBytes: 696 + 512 + 576 },
  )
})

test('Attention with a past and its own width of V', () => {
  // T = 4 + 3 = 7; widths 6, 6, 8: projection 4 * 6 * 20 = 480, products 4 * 7 * (6 + 8) = 392
  checkOperator(
    {
      operator: 'com.microsoft:Attention',
      inputs: ['1x4x6', '6x20', '-', '-', '2x1x2x3x3'],
      outputs: ['1x4x8'],
      attributes: { num_heads: 2, qkv_hidden_sizes: [6, 6, 8] },
    },
    { macs: 872 },
  )
})

test('QAttention', () => {
  // as Attention; dequantizing the projection: 72 * 2 more, mask: 32 more
  checkOperator(
    {
      operator: 'com.microsoft:QAttention',
      inputs: ['uint8:1x4x6', '!int8:6x18', '!18', '', '', 'int32:1'],
      outputs: ['1x4x6'],
      attributes: { num_heads: 2 },
    },
    { macs: 624, simpleOps: 232 + 144 + 32, arithmetic: 'int8' },
  )
})

test('MultiHeadAttention: no projection, cross attention, past', () => {
  // S 2, L 5, width 6 and 8: 2 * 5 * 14 = 140; scores 2 heads * 2 * 5 = 20 in 4 rows: 100 simple, 24 special
  const node = { operator: 'com.microsoft:MultiHeadAttention', outputs: ['1x2x8'], attributes: { num_heads: 2 } }
  checkOperator({ ...node, inputs: ['1x2x6', '1x5x6', '1x5x8'] }, { macs: 140, simpleOps: 100, specialOps: 24 })
  // keys as [B, heads, L, d]
  checkOperator({ ...node, inputs: ['1x2x6', '1x2x5x3', '1x2x5x4'] }, { macs: 140 })
  // three keys of the past: 2 * 8 * 14 = 224
  checkOperator({ ...node, inputs: ['1x2x6', '1x5x6', '1x5x8', '-', '-', '-', '1x2x3x3', '1x2x3x4'] }, { macs: 224 })
  // packed QKV [B, S, heads, 3, d]: S = L = 2, widths 6: 2 * 2 * 12 = 48
  checkOperator({ ...node, inputs: ['1x2x2x3x3'], outputs: ['1x2x6'] }, { macs: 48 })
})

test('GroupQueryAttention: fewer bytes, not fewer MACs', () => {
  // 4 heads of 8 on 2 key heads, one new token after 15 in a buffer of 32: 1 * 16 * 64 = 1024 MACs.
  // q 32 * 4 = 128 B, k and v 16 * 4 * 2 = 128, y 128; cache: 16 keys read 16 * 16 * 4 * 2 = 2048, one written 64 * 2 = 128;
  // seqlens 4, total 4
  const node = {
    operator: 'com.microsoft:GroupQueryAttention',
    inputs: ['1x1x32', '1x1x16', '1x1x16', '1x2x32x8', '1x2x32x8', 'int32:1', '!int32:1=16'],
    outputs: ['1x1x32', '1x2x32x8', '1x2x32x8'],
    attributes: { num_heads: 4, kv_num_heads: 2 },
  }
  checkOperator(node, { macs: 1024, bytes: 128 + 128 + 128 + 2048 + 128 + 8 })
  // a window of 4 keys: 4 * 64
  checkOperator({ ...node, attributes: { ...node.attributes, local_window_size: 4 } }, { macs: 256 })
  // rotary: (32 + 16) * 3 beside scores 4 * 16 * 5
  checkOperator({ ...node, attributes: { ...node.attributes, do_rotary: 1 } }, { simpleOps: 144 + 320 })
})

test('DecoderMaskedMultiHeadAttention', () => {
  // past length 7 is given: 8 keys * (6 + 6)
  checkOperator(
    {
      operator: 'com.microsoft:DecoderMaskedMultiHeadAttention',
      inputs: ['1x1x6', '1x1x6', '1x1x6', '-', '-', '1x2x16x3', '1x2x16x3', '!int32:1=7'],
      outputs: ['1x1x6'],
      attributes: { num_heads: 2 },
    },
    { macs: 96 },
  )
})

test('packed sequences', () => {
  // two sequences of 2 and 3 tokens: 4 + 9 = 13 pairs * 12 = 156; projection 5 * 6 * 18 = 540
  checkOperator(
    {
      operator: 'com.microsoft:PackedAttention',
      inputs: ['5x6', '6x18', '18', 'int32:2x3', '!int32:3=0,2,5'],
      outputs: ['5x6'],
      attributes: { num_heads: 2 },
    },
    { macs: 696 },
  )
  // lengths not known: 2 * 3 * 3 = 18 pairs * 12
  checkOperator(
    {
      operator: 'com.microsoft:PackedMultiHeadAttention',
      inputs: ['5x6', '5x6', '5x6', '-', 'int32:2x3', 'int32:3'],
      outputs: ['5x6'],
      attributes: { num_heads: 2 },
    },
    { macs: 216, note: 'every sequence counted at the longest length' },
  )
})

test('Attention of ai.onnx 23', () => {
  // [B, heads, S, d]: q 1x2x4x3, 5 keys, values of width 4: 4 * 5 * (6 + 8) = 280; scores 2 * 4 * 5 = 40 in 8 rows
  checkOperator(
    { operator: 'Attention', inputs: ['1x2x4x3', '1x2x5x3', '1x2x5x4'], outputs: ['1x2x4x4'] },
    { macs: 280, simpleOps: 200, specialOps: 48 },
  )
  // flat, with a past of 3: 4 * 8 * 14
  checkOperator(
    {
      operator: 'Attention',
      inputs: ['1x4x6', '1x5x6', '1x5x8', '-', '1x2x3x3', '1x2x3x4'],
      outputs: ['1x4x8'],
      attributes: { q_num_heads: 2, kv_num_heads: 2, is_causal: 1 },
    },
    { macs: 448, note: 'causal mask counted dense; kernels that skip it do about half' },
  )
})

test('RotaryEmbedding', () => {
  // 1x2x4x8 = 64 elements * 3; half of each head turned: 96
  checkOperator(
    { operator: 'com.microsoft:RotaryEmbedding', inputs: ['1x2x4x8', 'int64:1', '16x4', '16x4'], outputs: ['1x2x4x8'] },
    { simpleOps: 192 },
  )
  checkOperator(
    {
      operator: 'RotaryEmbedding',
      inputs: ['1x4x16', '16x2', '16x2'],
      outputs: ['1x4x16'],
      attributes: { num_heads: 2, rotary_embedding_dim: 4 },
    },
    { simpleOps: 96 },
  )
})

test('sparse attention: the blocks of the layout', () => {
  // 32 words in 2 blocks of 16, of which 3 of 4 are looked at: 768 pairs a head; 2 heads of 8
  const inputs = [
    '1x32x16',
    '1x32x16',
    '1x32x16',
    '1x2x32x8',
    '1x2x32x8',
    '!int32:1x3=0,1,3',
    '!int32:1x3',
    '!int32:=32',
    'int32:1',
  ]
  const outputs = ['1x32x16', '1x2x32x8', '1x2x32x8']
  const attributes = { num_heads: 2, kv_num_heads: 2, sparse_block_size: 16 }
  checkOperator(
    { operator: 'com.microsoft:SparseAttention', inputs, outputs, attributes },
    // softmax 4, scale and mask 2; exp and a division for each row of each head
    { macs: 768 * 32, simpleOps: 2 * 768 * 6, specialOps: 2 * (768 + 32), functions: { exp: 2 * 768 } },
  )
})

test('rotation with three positions, and attention with parts of its own', () => {
  checkOperator(
    { operator: 'com.microsoft:MRotaryEmbedding', inputs: ['1x2x8', 'int64:3x1x2', '9x4', '9x4'], outputs: ['1x2x8'] },
    { simpleOps: 48 },
  )
  checkOperator(
    { operator: 'ai.onnx.preview:FlexAttention', inputs: ['1x2x3x4', '1x2x5x4', '1x2x5x4'], outputs: ['1x2x3x4'] },
    // 2 heads, 3 by 5 pairs, 4 wide twice
    { macs: 240 },
  )
})
