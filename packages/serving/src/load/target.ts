// What the generator asks, whichever protocol it is asked in.
import type { GrpcTarget } from './grpc/target.ts'
import type { HttpTarget } from './http/target.ts'

export type Target = HttpTarget | GrpcTarget
