#pragma once

#include <utility>

#include "base/rows.h"
#include "device/buffer.h"
#include "device/counted_bytes.h"

namespace gru {

/// A RowMap with its index tables on the device. It copies between a caller's rows and packed rows.
class DeviceRows {
 public:
  Status load(Device& device, const BatchShape& shape, bool batch_first);

  const RowMap& map() const { return map_; }
  std::size_t held_bytes() const {
    return counted_.bytes() + bytes_of(to_padded_, to_packed_, sorted_indices_, unsorted_indices_,
                                       nonempty_unsorted_indices_, logical_);
  }

  /// The caller's rows as packed rows: the same memory if both have the same order, otherwise a
  /// copy in `scratch`.
  Status pack(Device& device, DeviceMatrix<const float> padded, Buffer<float>& scratch,
              DeviceMatrix<const float>& packed) const;
  Status pack(Device& device, DeviceSpan<const std::int32_t> padded, Buffer<std::int32_t>& scratch,
              DeviceSpan<const std::int32_t>& packed) const;
  /// Copies packed rows to the caller's rows, with zeros in padded steps.
  Status unpack(Device& device, DeviceMatrix<const float> packed, DeviceMatrix<float> padded) const;

  /// The same for one row for each sequence: the caller's are [batch, width] in the caller's order,
  /// the packed ones only those of sequences with a valid step. Unpacking writes zeros for the
  /// others.
  Status pack_sequences(Device& device, DeviceMatrix<const float> padded, Buffer<float>& scratch,
                        DeviceMatrix<const float>& packed) const;
  Status pack_sequences(Device& device, DeviceSpan<const std::int32_t> padded,
                        Buffer<std::int32_t>& scratch,
                        DeviceSpan<const std::int32_t>& packed) const;
  Status unpack_sequences(Device& device, DeviceMatrix<const float> packed,
                          DeviceMatrix<float> padded) const;

  /// Copies [blocks, batch, width] from the caller's order of sequences to the sorted order, and
  /// back.
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
  CountedBytes counted_;  ///< of map_
  bool loaded_ = false;
  bool batch_first_ = false;  ///< of the last load
  Buffer<std::int32_t> to_padded_;
  Buffer<std::int32_t> to_packed_;
  Buffer<std::int32_t> sorted_indices_;
  Buffer<std::int32_t> unsorted_indices_;
  Buffer<std::int32_t> nonempty_unsorted_indices_;
  Buffer<std::int32_t> logical_;
};

}  // namespace gru
