// What a reader takes in addition to the file.
export interface ReadOptions {
  /** The signature to read from a file with several (TensorFlow Lite); null, absent: the usual one, or the only one. */
  readonly signature?: string | null
}
