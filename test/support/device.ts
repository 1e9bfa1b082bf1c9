/** The device options that a layer or model has where its caller names none: GRU_NATIVE_DEVICE chooses. */
export const deviceDefaults = {
  device: process.env['GRU_NATIVE_DEVICE'] || 'cpu',
  precision: 'float32' as const,
}
