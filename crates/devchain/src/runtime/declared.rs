//! Runtime APIs that the real chain has and no crate we use declares.

use sp_runtime::traits::Block as BlockT;
use sp_runtime::transaction_validity::{TransactionSource, TransactionValidity};

sp_api::decl_runtime_apis! {
    /// Asks whether a transaction may enter the pool.
    #[api_version(3)]
    pub trait TaggedTransactionQueue {
        /// Validates one transaction as of the given block.
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: Block::Hash,
        ) -> TransactionValidity;
    }
}
