// What is asked over gRPC: one method of a server, and the messages that requests send.

export interface GrpcTarget {
  readonly kind: 'grpc'
  readonly secure: boolean
  /** As the address says it: for TLS' server name and :authority. */
  readonly hostname: string
  /** Where connections go, one address of the host. */
  readonly address: string
  readonly port: number
  /** /package.Service/Method */
  readonly path: string
  /** Names in lower case. */
  readonly metadata: readonly (readonly [string, string])[]
  /** Messages; each request draws one of them. */
  readonly requests: readonly Uint8Array[]
}
