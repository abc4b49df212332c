// One layer of attention as torch exports it of transformers' models: angles as wide as a head, halves turned by Slice, Neg and Concat, scales on queries
// and keys, sizes computed on the way, a mask as long as the keys, shares of a row that sees nothing made 0.
import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'

export interface TransformersForm {
  readonly heads: number
  readonly kvHeads: number
  readonly size: number
  /** Tokens that one sees before itself; null: all. */
  readonly window: number | null
  /** Instead of each token by itself, all are cut as the last one is. Default false. */
  readonly cut?: boolean
  /** Tokens see no other chunk of this many tokens, as in Llama 4; default null: there are none. */
  readonly chunk?: number | null
  /** null: positions are of the cache's length. */
  readonly positions: 'input' | null
  /** Default 'added'. 'both': what is padded is added to what a causal mask chose. 'none': it takes one token at a time, and nothing comes after that. */
  readonly mask?: 'added' | 'where' | 'both' | 'none'
  /** Scores are held within it; default null: they are not. */
  readonly cap?: number | null
  /** A key that nobody after it sees; default null: there is none. -1: everybody sees all, what comes later, too. */
  readonly gap?: number | null
  /** Added to the scores of a head for each token that a key is further away; default null: nothing. */
  readonly bias?: number | null
  /** What the sum of scores and masks is multiplied by, as in Falcon; default null: nothing. */
  readonly factor?: number | null
  /** A state of one size next to the cache: the sum of all tokens. Default false. */
  readonly state?: boolean
  /**
   * 'cast': the cache is cast to the type that it has, as in GPT-J. 'split': what is mixed is split into heads again, as in Falcon. 'hidden': nobody knows
   * the sizes of queries, as in Cohere. Default: none of them.
   */
  readonly idle?: 'cast' | 'split' | 'hidden'
  readonly seed: number
}

const VOCABULARY = 48
const STATE = 4

export function transformersAttention({
  heads,
  kvHeads,
  size,
  window,
  cut: isCut = false,
  chunk = null,
  positions,
  mask = 'added',
  cap = null,
  gap = null,
  bias = null,
  factor = null,
  state = false,
  idle,
  seed,
}: TransformersForm): Model {
  const random = mulberry32(seed)
  const width = heads * size
  const nodes: NodeProto[] = []
  const initializers: TensorProto[] = []
  let count = 0
  const op = (opType: string, inputs: readonly string[], attributes: Parameters<typeof node>[3] = {}): string => {
    const name = `${opType}_${count++}`
    nodes.push(node({ opType, name: `/model/${name}` }, inputs, [name], attributes))
    return name
  }
  const floats = (shape: readonly number[], values?: readonly number[]): string => {
    const length = shape.reduce((all, one) => all * one, 1)
    const scale = 1.5 / Math.sqrt(shape[0] ?? 1)
    initializers.push(floatTensor(`w${count++}`, shape, values ?? Array.from({ length }, () => scale * normal(random))))
    return initializers.at(-1)!.name
  }
  const ints = (values: readonly number[], shape = [values.length]): string => {
    initializers.push(int64Tensor(`i${count++}`, shape, values))
    return initializers.at(-1)!.name
  }
  const zero = ints([0], [])
  const one = ints([1], [])
  const sizeOf = (value: string, axis: number) => op('Gather', [op('Shape', [value]), ints([axis], [])])
  const listed = (value: string) => op('Unsqueeze', [value, ints([0])])

  const x = op('Gather', [floats([VOCABULARY, width]), 'input_ids'])
  const [batch, fed] = [sizeOf('input_ids', 0), sizeOf('input_ids', 1)]
  const past = sizeOf('past_key_values.0.key', 2)
  const total = op('Add', [past, fed])
  const counted = op('Unsqueeze', [op('Range', [past, total, one]), ints([0])])
  const ids = positions === 'input' ? 'position_ids' : counted
  const rates = floats(
    [1, 1, size / 2],
    Array.from({ length: size / 2 }, (_, k) => 10_000 ** (-k / (size / 2))),
  )
  const angles = op('Mul', [op('Unsqueeze', [op('Cast', [ids], { to: 1 }), ints([2])]), rates])
  const wide = op('Concat', [angles, angles], { axis: -1 })
  const [cos, sin] = [op('Unsqueeze', [op('Cos', [wide]), ints([1])]), op('Unsqueeze', [op('Sin', [wide]), ints([1])])]

  const split = (value: string, number: number) => {
    const shape = op('Concat', [listed(batch), listed(fed), ints([-1]), ints([size])], { axis: 0 })
    return op('Transpose', [op('Reshape', [op('MatMul', [value, floats([width, number * size])]), shape])], {
      perm: [0, 2, 1, 3],
    })
  }
  const turn = (value: string) => {
    const [low, high] = [
      op('Slice', [value, ints([0]), ints([size / 2]), ints([3]), ints([1])]),
      op('Slice', [value, ints([size / 2]), ints([Number.MAX_SAFE_INTEGER]), ints([3]), ints([1])]),
    ]
    const turned = op('Concat', [op('Neg', [high]), low], { axis: -1 })
    return op('Add', [op('Mul', [value, cos]), op('Mul', [turned, sin])])
  }
  const turned = turn(split(x, heads))
  // A shape that is counted by nodes that no rule follows.
  const counted4 = () => op('Cast', [op('Floor', [op('Cast', [op('Shape', [turned])], { to: 1 })])], { to: 7 })
  const query = idle === 'hidden' ? op('Reshape', [turned, counted4()]) : turned
  const [key, value] = [turn(split(x, kvHeads)), split(x, kvHeads)]
  for (const [fresh, name] of [[key, 'key'] as const, [value, 'value'] as const]) {
    const joined = idle === 'cast' ? `joined_${name}` : `present.0.${name}`
    nodes.push(node({ opType: 'Concat', name: `/append/${name}` }, [`past_key_values.0.${name}`, fresh], [joined], { axis: -2 }))
    if (idle === 'cast') nodes.push(node('Cast', [joined], [`present.0.${name}`], { to: 1 }))
  }
  const repeated = (held: string) => {
    if (heads === kvHeads) return held
    const shape = op('Concat', [listed(batch), ints([kvHeads]), ints([heads / kvHeads]), listed(sizeOf(held, 2)), ints([size])], {
      axis: 0,
    })
    const grown = op('Expand', [op('Unsqueeze', [held, ints([2])]), shape])
    return op('Reshape', [
      grown,
      op('Concat', [listed(batch), ints([heads]), listed(sizeOf(held, 2)), ints([size])], { axis: 0 }),
    ])
  }
  // scaled_dot_product_attention: the root of the scale on both.
  const scale = op('Sqrt', [op('Div', [floats([], [1]), op('Sqrt', [op('Cast', [sizeOf(turned, 3)], { to: 1 })])])])
  const keys = repeated('present.0.key')
  const products = op('MatMul', [op('Mul', [query, scale]), op('Mul', [op('Transpose', [keys], { perm: [0, 1, 3, 2] }), scale])])
  const scores = cap === null ? products : op('Mul', [op('Tanh', [op('Div', [products, floats([], [cap])])]), floats([], [cap])])
  const rows = op('Unsqueeze', [op('Range', [past, total, one]), ints([1])])
  const columns = op('Range', [zero, total, one])
  const seen = op('LessOrEqual', [columns, rows])
  const ends = isCut ? op('Sub', [total, one]) : rows
  const within = window === null ? seen : op('And', [seen, op('Greater', [columns, op('Sub', [ends, ints([window], [])])])])
  const chunkOf = (places: string) => op('Div', [places, ints([chunk!], [])])
  const near = chunk === null ? within : op('And', [within, op('Equal', [chunkOf(columns), chunkOf(rows)])])
  const isGap = gap === null ? null : op('And', [op('Equal', [columns, ints([gap], [])]), op('Less', [columns, rows])])
  const open = isGap === null ? near : gap === -1 ? op('GreaterOrEqual', [columns, zero]) : op('And', [near, op('Not', [isGap])])
  const real = op('And', [open, op('Unsqueeze', [op('Cast', ['attention_mask'], { to: 9 }), ints([1, 2])])])
  // As long as the keys, whose length is read off them.
  const cut = op('Slice', [real, ints([0]), listed(sizeOf(keys, 2)), ints([3]), ints([1])])
  const masks = () => {
    const far = op('Where', [cut, floats([1], [0]), floats([1], [Number.NEGATIVE_INFINITY])])
    if (bias === null) return far
    const away = op('Cast', [op('Sub', [columns, rows])], { to: 1 })
    const slopes = floats(
      [heads, 1, 1],
      Array.from({ length: heads }, (_, head) => bias / (head + 1)),
    )
    return op('Add', [far, op('Mul', [away, slopes])])
  }
  const masked = {
    added: () => op('Add', [scores, masks()]),
    where: () => op('Where', [cut, scores, floats([], [-3.4e38])]),
    both: () => {
      const padded = op('Mul', [
        op('Cast', [op('Not', [op('Cast', ['attention_mask'], { to: 9 })])], { to: 1 }),
        floats([], [-1e9]),
      ])
      return op('Add', [masked.where(), bias === null ? op('Unsqueeze', [padded, ints([1, 2])]) : masks()])
    },
    none: () => scores,
  }
  const shares = op('Softmax', [factor === null ? masked[mask]() : op('Mul', [masked[mask](), floats([], [factor])])], {
    axis: -1,
  })
  const guarded = op('Where', [op('IsNaN', [shares]), floats([1], [0]), shares])
  const weighted = op('MatMul', [guarded, repeated('present.0.value')])
  const sizes = op('Concat', [listed(batch), ints([heads]), listed(fed), ints([size])], { axis: 0 })
  const mixed = op('Transpose', [idle === 'split' ? op('Reshape', [weighted, sizes]) : weighted], { perm: [0, 2, 1, 3] })
  // Sizes of what is joined are read off itself.
  const joined = op('Reshape', [
    mixed,
    op('Concat', [listed(sizeOf(mixed, 0)), listed(sizeOf(mixed, 1)), ints([-1])], { axis: 0 }),
  ])
  const scored = op('MatMul', [op('Add', [x, joined]), floats([width, VOCABULARY])])
  if (state) {
    const sum = op('ReduceSum', [op('Slice', [x, ints([0]), ints([STATE]), ints([2])]), ints([1])], { keepdims: 0 })
    nodes.push(node('Add', ['past_conv.0', sum], ['present_conv.0']))
    const stated = op('MatMul', ['present_conv.0', floats([STATE, VOCABULARY])])
    nodes.push(node('Add', [scored, op('Unsqueeze', [stated, ints([1])])], ['logits']))
  } else nodes.push(node('Identity', [scored], ['logits']))

  const length = mask === 'none' ? 1 : 'sequence_length'
  const cache = (length: string) => ['batch_size', kvHeads, length, size]
  const parts: ModelParts = {
    nodes,
    initializers,
    inputs: [
      valueInfo('input_ids', 'int64', ['batch_size', length]),
      valueInfo('attention_mask', 'int64', ['batch_size', 'total_length']),
      ...(positions === 'input' ? [valueInfo('position_ids', 'int64', ['batch_size', length])] : []),
      ...['key', 'value'].map((name) => valueInfo(`past_key_values.0.${name}`, 'float32', cache('past_length'))),
      ...(state ? [valueInfo('past_conv.0', 'float32', ['batch_size', STATE])] : []),
    ],
    outputs: [
      valueInfo('logits', 'float32', ['batch_size', length, VOCABULARY]),
      ...['key', 'value'].map((name) => valueInfo(`present.0.${name}`, 'float32', cache('total_length'))),
      ...(state ? [valueInfo('present_conv.0', 'float32', ['batch_size', STATE])] : []),
    ],
  }
  return modelInMemory(model(parts))
}
