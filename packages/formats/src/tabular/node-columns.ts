// The nodes of a tree while it is read: a list for each thing that is known of them, indexed by node.

export interface NodeColumns {
  /** -1 at leaves. */
  readonly feature: Int32Array
  readonly threshold: Float64Array
  readonly yes: Int32Array
  readonly no: Int32Array
  readonly flags: Uint8Array
}

/** All leaves. */
export const emptyColumns = (count: number): NodeColumns => ({
  feature: new Int32Array(count).fill(-1),
  threshold: new Float64Array(count),
  yes: new Int32Array(count),
  no: new Int32Array(count),
  flags: new Uint8Array(count),
})
