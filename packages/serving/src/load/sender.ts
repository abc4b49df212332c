// What the generator sends through: HTTP connections, gRPC, the queue of a server in this process. One request a call, never waiting.

export interface SenderEvents {
  /** The connection is there, and the request is being written. */
  opened(request: number): void
  firstByte(request: number): void
  /** Part of the body of a streamed answer, as it comes. Absent: nobody reads it. */
  body?(request: number, bytes: Buffer): void
  /**
   * `told`: values of `Server-Timing`. `outcome`: a status, or one of OUTCOME. `body`: of the answer as it came, where it is kept. Once for
   * each request.
   */
  done(request: number, outcome: number, told: string, body: Buffer | null): void
  /** A connection ended before it gave a byte of the answer, as idle ones may: the request goes out once more. */
  repeated(request: number): void
}

/** Made before the run, by a request's place in it. */
export interface Draws {
  /** Which of the target's requests it sends. */
  input(request: number): number
  /** Whether the body of its answer is kept. */
  isKept(request: number): boolean
}

export interface Sender {
  send(request: number): void
  /** Gives it up: `done` is not called for it. */
  abandon(request: number): void
  close(): void
}
