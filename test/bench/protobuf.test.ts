import { bytesField, integerField, varint } from '../../bench/peers/protobuf'

describe('protocol buffers', () => {
  test('are written as the format says', () => {
    // From the format's documentation: field 1 with 150, and field 2 with the text "testing".
    expect([...integerField(1, 150)]).toEqual([0x08, 0x96, 0x01])
    expect(Buffer.from(bytesField(2, 'testing')).toString('hex')).toBe('120774657374696e67')
    expect([...varint(2 ** 32)]).toEqual([0x80, 0x80, 0x80, 0x80, 0x10])
  })
})
