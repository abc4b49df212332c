// XGBoost's binary format, written by default up to 1.2 and readable up to 3.0: C structures one after another, little-endian. What it
// holds is given as the document that newer versions write. Layout: treelite src/model_loader/xgboost_legacy.cc, xgboost 1.7 src/learner.cc.
import { InputError } from '@whyslow/graph/input-error.ts'

const HEADER_BYTES = 136
const GBTREE_BYTES = 160
const TREE_PARAM_INTS = 37
const NODE_BYTES = 20
const STAT_BYTES = 16
const LINEAR_PARAM_BYTES = 136

/** Whether bytes without a signature begin as the old format does: a header, and then the name of an objective with its length. */
export function looksLikeOldBinary(start: Uint8Array): boolean {
  if (start.length < HEADER_BYTES + 16) return false
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  const length = view.getUint32(HEADER_BYTES, true)
  if (view.getUint32(HEADER_BYTES + 4, true) !== 0 || length < 4 || length > 64) return false
  const name = String.fromCharCode(...start.subarray(HEADER_BYTES + 8, HEADER_BYTES + 8 + length))
  return /^(reg|binary|multi|count|rank|survival|gpu):[a-z:_]+$/.test(name)
}

/** The document, as parsed JSON would be. Throws InputError if it is cut off or claims what it has no bytes for. */
export function readOldBinary(bytes: Uint8Array, file: string): unknown {
  const reader = new Structures(bytes, file)
  if (String.fromCharCode(...bytes.subarray(0, 4)) === 'binf') reader.skip(4)
  const header = reader.part(HEADER_BYTES)
  const [baseScore, featureCount, classCount] = [header.getFloat32(0, true), header.getUint32(4, true), header.getInt32(8, true)]
  const [major, minor, targetCount] = [header.getUint32(20, true), header.getUint32(24, true), header.getUint32(28, true)]
  const objective = reader.text()
  const booster = reader.text()
  return {
    version: [major, minor, 0],
    learner: {
      learner_model_param: {
        base_score: String(baseScore),
        // Before 1.0 it was kept as a margin.
        base_score_is_margin: major === 0,
        num_feature: String(featureCount),
        num_class: String(classCount),
        num_target: String(major >= 1 ? Math.max(targetCount, 1) : 1),
      },
      objective: { name: objective },
      gradient_booster: readBooster(reader, booster, major),
      attributes: header.getInt32(12, true) === 0 ? {} : reader.attributes(),
    },
  }
}

function readBooster(reader: Structures, name: string, major: number): unknown {
  if (name === 'gblinear') {
    reader.skip(LINEAR_PARAM_BYTES)
    return { name, model: { weights: reader.floats() } }
  }
  if (name !== 'gbtree' && name !== 'dart')
    throw new InputError(`${reader.file} has the booster '${name}', which is not read; gbtree, dart and gblinear are`)
  const gbtree = reader.part(GBTREE_BYTES)
  const treeCount = gbtree.getInt32(0, true)
  reader.atLeast(treeCount, 4 * TREE_PARAM_INTS, 'trees')
  const trees = Array.from({ length: treeCount }, (_, id) => readTree(reader, id, major))
  const model = {
    gbtree_model_param: { num_trees: treeCount, num_parallel_tree: String(Math.max(gbtree.getInt32(4, true), 1)) },
    trees,
    tree_info: Array.from({ length: treeCount }, () => reader.part(4).getInt32(0, true)),
  }
  if (name === 'gbtree') return { name, model }
  return { name, gbtree: { name: 'gbtree', model }, weight_drop: reader.floats() }
}

function readTree(reader: Structures, id: number, major: number): unknown {
  const param = reader.part(4 * TREE_PARAM_INTS)
  const count = param.getInt32(4, true)
  const leafVector = param.getInt32(20, true)
  reader.atLeast(count, NODE_BYTES + STAT_BYTES, 'nodes')
  const left = new Int32Array(count)
  const right = new Int32Array(count)
  const feature = new Int32Array(count)
  const defaultLeft = new Uint8Array(count)
  const condition = new Float32Array(count)
  for (let node = 0; node < count; node++) {
    const part = reader.part(NODE_BYTES)
    const index = part.getUint32(12, true)
    left[node] = part.getInt32(4, true)
    right[node] = part.getInt32(8, true)
    feature[node] = index & 0x7fffffff
    defaultLeft[node] = index >>> 31
    condition[node] = part.getFloat32(16, true)
  }
  reader.skip(count * STAT_BYTES)
  if (leafVector !== 0 && major < 2) reader.floats()
  return {
    id,
    tree_param: { size_leaf_vector: '0' },
    left_children: left,
    right_children: right,
    split_indices: feature,
    default_left: defaultLeft,
    split_conditions: condition,
  }
}

class Structures {
  readonly file: string
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes
    this.file = file
  }

  skip(bytes: number): void {
    this.part(bytes)
  }

  part(bytes: number): DataView {
    this.atLeast(1, bytes, 'bytes')
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#at, bytes)
    this.#at += bytes
    return view
  }

  text(): string {
    const length = this.#length('a text')
    const part = this.part(length)
    return new TextDecoder().decode(new Uint8Array(part.buffer, part.byteOffset, length))
  }

  floats(): Float32Array {
    const count = this.#length('numbers')
    this.atLeast(count, 4, 'numbers')
    const part = this.part(4 * count)
    return Float32Array.from({ length: count }, (_, k) => part.getFloat32(4 * k, true))
  }

  /** Pairs of name and text. */
  attributes(): Record<string, string> {
    const count = this.#length('attributes')
    this.atLeast(count, 16, 'attributes')
    return Object.fromEntries(Array.from({ length: count }, () => [this.text(), this.text()]))
  }

  /** Throws if there are not so many bytes left. */
  atLeast(count: number, width: number, what: string): void {
    const left = this.#bytes.byteLength - this.#at
    if (count < 0 || count * width > left)
      throw new InputError(
        `${this.file} is cut off or damaged: ${count} ${what} at byte ${this.#at}, where ${left} bytes are left`,
      )
  }

  #length(what: string): number {
    const view = this.part(8)
    const length = Number(view.getBigUint64(0, true))
    if (length > this.#bytes.byteLength) throw new InputError(`${this.file} is damaged: ${what} of ${length} at byte ${this.#at}`)
    return length
  }
}
