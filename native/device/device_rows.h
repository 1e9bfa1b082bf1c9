#pragma once

#include <utility>

#include "base/rows.h"
#include "device/buffer.h"

namespace gru {

/// A RowMap with its index tables on the device, and the moves between a caller's rows and packed
/// rows that they allow.
class DeviceRows {
 public:
  Status load(Device& device, const BatchShape& shape, bool batch_first);

  const RowMap& map() const { return map_; }

  /// The caller's rows as packed rows: the same memory where the orders agree, else a copy in
  /// `scratch`.
  Status pack(Device& device, DeviceMatrix<const float> padded, Buffer<float>& scratch,
              DeviceMatrix<const float>& packed) const;
  Status pack(Device& device, DeviceSpan<const std::int32_t> padded, Buffer<std::int32_t>& scratch,
              DeviceSpan<const std::int32_t>& packed) const;
  /// Packed rows into the caller's rows, zeros past each length.
  Status unpack(Device& device, DeviceMatrix<const float> packed, DeviceMatrix<float> padded) const;

  /// One row for each running sequence, as the caller orders them: [batch, width] packed from, and
  /// unpacked to, with zeros for sequences without a valid step.
  Status pack_sequences(Device& device, DeviceMatrix<const float> padded, Buffer<float>& scratch,
                        DeviceMatrix<const float>& packed) const;
  Status pack_sequences(Device& device, DeviceSpan<const std::int32_t> padded,
                        Buffer<std::int32_t>& scratch,
                        DeviceSpan<const std::int32_t>& packed) const;
  Status unpack_sequences(Device& device, DeviceMatrix<const float> packed,
                          DeviceMatrix<float> padded) const;

  /// [blocks, batch, width] from the caller's order of sequences to the sorted one, and back.
  Status sort_batch(Device& device, DeviceSpan<const float> from, DeviceSpan<float> to,
                    std::size_t width) const;
  Status unsort_batch(Device& device, DeviceSpan<const float> from, DeviceSpan<float> to,
                      std::size_t width) const;

  DeviceSpan<const std::int32_t> logical() const { return span_of(logical_, map_.logical()); }

 private:
  static DeviceSpan<const std::int32_t> span_of(const Buffer<std::int32_t>& buffer,
                                                std::span<const std::int32_t> host) {
    return host.empty() ? DeviceSpan<const std::int32_t>() : buffer.span();
  }
  Status permute_batch(Device& device, DeviceSpan<const float> from, DeviceSpan<float> to,
                       std::size_t width, DeviceSpan<const std::int32_t> index) const;

  RowMap map_;
  bool loaded_ = false;
  bool batch_first_ = false;  ///< as loaded
  Buffer<std::int32_t> to_padded_;
  Buffer<std::int32_t> to_packed_;
  Buffer<std::int32_t> order_;
  Buffer<std::int32_t> place_;
  Buffer<std::int32_t> running_place_;
  Buffer<std::int32_t> logical_;
};

}  // namespace gru
