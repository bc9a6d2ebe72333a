//! A bounds-checked reader of FlatBuffers, sufficient for TFLite files.
//!
//! The `flatbuffers` crate reads fields only through `unsafe`, which this workspace denies. The format is
//! simple: a table starts with an offset to its vtable, which lists where each field lies. Source:
//! <https://flatbuffers.dev/internals/>.

use super::ConvertError;

/// A table in a buffer.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    data: &'a [u8],
    at: usize,
}

/// A vector in a buffer; `at` is its first element.
#[derive(Clone, Copy)]
pub struct Vector<'a> {
    data: &'a [u8],
    at: usize,
    len: usize,
}

fn bytes<const N: usize>(data: &[u8], at: usize) -> Result<[u8; N], ConvertError> {
    data.get(at..)
        .and_then(|rest| rest.first_chunk())
        .copied()
        .ok_or(ConvertError::Truncated)
}

fn u32_at(data: &[u8], at: usize) -> Result<usize, ConvertError> {
    usize::try_from(u32::from_le_bytes(bytes(data, at)?)).map_err(|_| ConvertError::Truncated)
}

/// Follows the relative offset at `at`.
fn follow(data: &[u8], at: usize) -> Result<usize, ConvertError> {
    at.checked_add(u32_at(data, at)?)
        .ok_or(ConvertError::Truncated)
}

impl<'a> Table<'a> {
    /// The buffer's root table.
    pub fn root(data: &'a [u8]) -> Result<Self, ConvertError> {
        Ok(Self {
            data,
            at: follow(data, 0)?,
        })
    }

    /// Position of a field; `None` if the table leaves it at its default.
    fn field(&self, slot: usize) -> Result<Option<usize>, ConvertError> {
        let back = i64::from(i32::from_le_bytes(bytes(self.data, self.at)?));
        let vtable = i64::try_from(self.at)
            .ok()
            .and_then(|at| usize::try_from(at - back).ok())
            .ok_or(ConvertError::Truncated)?;
        let size = usize::from(u16::from_le_bytes(bytes(self.data, vtable)?));
        let entry = 4 + 2 * slot;
        if entry + 2 > size {
            return Ok(None);
        }
        let offset = usize::from(u16::from_le_bytes(bytes(self.data, vtable + entry)?));
        Ok((offset != 0).then_some(self.at + offset))
    }

    pub fn i8(&self, slot: usize) -> Result<i8, ConvertError> {
        Ok(match self.field(slot)? {
            Some(at) => i8::from_le_bytes(bytes(self.data, at)?),
            None => 0,
        })
    }

    pub fn bool(&self, slot: usize) -> Result<bool, ConvertError> {
        Ok(self.i8(slot)? != 0)
    }

    pub fn i32(&self, slot: usize, default: i32) -> Result<i32, ConvertError> {
        Ok(match self.field(slot)? {
            Some(at) => i32::from_le_bytes(bytes(self.data, at)?),
            None => default,
        })
    }

    pub fn table(&self, slot: usize) -> Result<Option<Table<'a>>, ConvertError> {
        self.field(slot)?
            .map(|at| {
                Ok(Table {
                    data: self.data,
                    at: follow(self.data, at)?,
                })
            })
            .transpose()
    }

    /// A vector of elements; empty if the table has none.
    pub fn vector(&self, slot: usize) -> Result<Vector<'a>, ConvertError> {
        let data = self.data;
        match self.field(slot)? {
            Some(at) => {
                let start = follow(data, at)?;
                Ok(Vector {
                    data,
                    at: start + 4,
                    len: u32_at(data, start)?,
                })
            }
            None => Ok(Vector {
                data,
                at: 0,
                len: 0,
            }),
        }
    }
}

impl<'a> Vector<'a> {
    pub fn bytes(&self) -> Result<&'a [u8], ConvertError> {
        let end = self
            .at
            .checked_add(self.len)
            .ok_or(ConvertError::Truncated)?;
        self.data.get(self.at..end).ok_or(ConvertError::Truncated)
    }

    pub fn i32s(&self) -> Result<Vec<i32>, ConvertError> {
        (0..self.len)
            .map(|i| Ok(i32::from_le_bytes(bytes(self.data, self.at + 4 * i)?)))
            .collect()
    }

    pub fn tables(&self) -> Result<Vec<Table<'a>>, ConvertError> {
        (0..self.len)
            .map(|i| {
                Ok(Table {
                    data: self.data,
                    at: follow(self.data, self.at + 4 * i)?,
                })
            })
            .collect()
    }
}
