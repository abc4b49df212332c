// What a reader is told beside the file.
export interface ReadOptions {
  /** Of a file with several signatures (TensorFlow Lite) the one to read; null, absent: the usual one, or the only one. */
  readonly signature?: string | null
}
