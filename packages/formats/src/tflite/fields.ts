// How tables of a FlatBuffer are described: a record of fields whose order is their slot in the table's vtable (a union takes two, its
// number and its table), so that a reader and a writer follow one description and no code is generated.
// https://flatbuffers.dev/internals/

/** What a number in a table or vector takes: 1, 1, 1, 2, 4, 4, 4, 8 and 8 bytes. */
export type ScalarType = 'bool' | 'int8' | 'uint8' | 'uint16' | 'int32' | 'uint32' | 'float32' | 'int64' | 'uint64'

export const SCALAR_BYTES: Readonly<Record<ScalarType, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  uint16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
}

/** What an absent scalar means is `fallback`; a writer leaves out what equals it. 64 bits are numbers here, exact up to 2^53. */
export interface ScalarField<Value extends number | boolean = number | boolean> {
  readonly kind: 'scalar'
  readonly type: ScalarType
  readonly fallback: Value
}

/** Absent: ''. */
export interface StringField {
  readonly kind: 'string'
}

/** Absent and empty are the same. `bytes`: content that stays where it lies, with the alignment that a writer gives it. */
export interface VectorField {
  readonly kind: 'vector'
  readonly type: ScalarType
}
export interface BytesField {
  readonly kind: 'bytes'
  readonly align: number
}

/** Absent: undefined. */
export interface TableField<Table extends Fields = Fields> {
  readonly kind: 'table'
  readonly table: Table
}
export interface TablesField<Table extends Fields = Fields> {
  readonly kind: 'tables'
  readonly table: Table
}

/** Slots: the member's number (its place here + 1; 0: none), then its table. */
export interface UnionField {
  readonly kind: 'union'
  readonly members: Readonly<Record<string, Fields>>
}

/** A slot that is used no more; nothing is read from it, nothing written to it. */
export interface GoneField {
  readonly kind: 'gone'
}

export type Field = ScalarField | StringField | VectorField | BytesField | TableField | TablesField | UnionField | GoneField
export interface Fields {
  readonly [name: string]: Field
}

/** The table of a union that is there: which member, and its fields (typed by `memberOf`). */
export interface Member {
  readonly member: string
  readonly fields: Readonly<Record<string, unknown>>
}

type Content<F extends Field> =
  F extends ScalarField<infer Value>
    ? Value
    : F extends StringField
      ? string
      : F extends VectorField
        ? readonly number[]
        : F extends BytesField
          ? Uint8Array<ArrayBuffer>
          : F extends TableField<infer Table>
            ? Row<Table> | undefined
            : F extends TablesField<infer Table>
              ? readonly Row<Table>[]
              : F extends UnionField
                ? Member | undefined
                : undefined

/** A table as a plain object: every field is there, absent ones as what they then mean. */
export type Row<Table extends Fields> = { readonly [Name in keyof Table]: Content<Table[Name]> }

const scalar = <Value extends number | boolean>(type: ScalarType, fallback: Value): ScalarField<Value> => ({
  kind: 'scalar',
  type,
  fallback,
})

export const bool = (fallback = false) => scalar<boolean>('bool', fallback)
export const int8 = (fallback = 0) => scalar<number>('int8', fallback)
export const int32 = (fallback = 0) => scalar<number>('int32', fallback)
export const uint32 = (fallback = 0) => scalar<number>('uint32', fallback)
export const float32 = (fallback = 0) => scalar<number>('float32', fallback)
export const int64 = (fallback = 0) => scalar<number>('int64', fallback)
export const uint64 = (fallback = 0) => scalar<number>('uint64', fallback)
export const text = (): StringField => ({ kind: 'string' })
export const vector = (type: ScalarType): VectorField => ({ kind: 'vector', type })
export const bytes = (align = 1): BytesField => ({ kind: 'bytes', align })
export const table = <Table extends Fields>(of: Table): TableField<Table> => ({ kind: 'table', table: of })
export const tables = <Table extends Fields>(of: Table): TablesField<Table> => ({ kind: 'tables', table: of })
export const union = (members: Readonly<Record<string, Fields>>): UnionField => ({ kind: 'union', members })
export const removedField = (): GoneField => ({ kind: 'gone' })
