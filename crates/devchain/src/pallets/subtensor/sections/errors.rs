//! Why a call fails: all of the real chain's errors, in its order, as some clients find a name by counting.

use frame_support::pallet_macros::pallet_section;

/// The errors; those this chain never returns keep their place.
#[pallet_section]
mod errors {
    #[expect(missing_docs, reason = "what this chain never returns needs no words")]
    #[pallet::error]
    pub enum Error<T> {
        RootNetworkDoesNotExist,
        /// The address is neither version 4 nor 6.
        InvalidIpType,
        /// The address is no host's.
        InvalidIpAddress,
        /// The port is 0.
        InvalidPort,
        /// The hotkey has no uid on this subnet.
        HotKeyNotRegisteredInSubNet,
        HotKeyAccountNotExists,
        /// The hotkey has no uid on this subnet.
        HotKeyNotRegisteredInNetwork,
        /// The hotkey belongs to another coldkey.
        NonAssociatedColdKey,
        NotEnoughStake,
        NotEnoughStakeToWithdraw,
        /// The stake is below what setting weights takes.
        NotEnoughStakeToSetWeights,
        NotEnoughStakeToSetChildkeys,
        NotEnoughBalanceToStake,
        BalanceWithdrawalError,
        ZeroBalanceAfterWithdrawn,
        /// The neuron has no permit to set weights.
        NeuronNoValidatorPermit,
        /// Uids and weights are not equally many.
        WeightVecNotEqualSize,
        /// A uid stands twice.
        DuplicateUids,
        /// A uid is not of this subnet.
        UidVecContainInvalidOne,
        /// Fewer weights than the subnet wants.
        WeightVecLengthIsLow,
        TooManyRegistrationsThisBlock,
        /// The hotkey has a uid on this subnet.
        HotKeyAlreadyRegisteredInSubNet,
        NewHotKeyIsSameWithOld,
        NewHotKeyNotCleanForRootSwap,
        InvalidWorkBlock,
        InvalidDifficulty,
        InvalidSeal,
        /// One weight takes a larger share than the subnet allows.
        MaxWeightExceeded,
        HotKeyAlreadyDelegate,
        /// The subnet's blocks between two submissions have not passed.
        SettingWeightsTooFast,
        /// The version key is lower than the subnet's.
        IncorrectWeightVersionKey,
        /// The axon was announced too soon after the last time.
        ServingRateLimitExceeded,
        /// More weights than the subnet has neurons.
        UidsLengthExceedUidsInSubNet,
        NetworkTxRateLimitExceeded,
        DelegateTxRateLimitExceeded,
        HotKeySetTxRateLimitExceeded,
        StakingRateLimitExceeded,
        /// The subnet takes no registrations.
        SubNetRegistrationDisabled,
        TooManyRegistrationsThisInterval,
        TransactorAccountShouldBeHotKey,
        FaucetDisabled,
        NotSubnetOwner,
        /// The root subnet takes no such registration.
        RegistrationNotPermittedOnRootSubnet,
        StakeTooLowForRoot,
        AllNetworksInImmunity,
        NotEnoughBalanceToPaySwapHotKey,
        NotRootSubnet,
        /// The root subnet takes no weights.
        CanNotSetRootNetworkWeights,
        /// No neuron can be replaced.
        NoNeuronIdAvailable,
        DelegateTakeTooLow,
        DelegateTakeTooHigh,
        /// No weights are committed.
        NoWeightsCommitFound,
        /// What is revealed is not what was committed.
        InvalidRevealCommitHashNotMatch,
        /// Weights must be committed first on this subnet.
        CommitRevealEnabled,
        /// Weights are set at once on this subnet.
        CommitRevealDisabled,
        LiquidAlphaDisabled,
        AlphaHighTooLow,
        AlphaLowOutOfRange,
        ColdKeyAlreadyAssociated,
        NotEnoughBalanceToPaySwapColdKey,
        InvalidChild,
        DuplicateChild,
        ProportionOverflow,
        TooManyChildren,
        TxRateLimitExceeded,
        ColdkeySwapAnnouncementNotFound,
        ColdkeySwapTooEarly,
        ColdkeySwapReannouncedTooEarly,
        AnnouncedColdkeyHashDoesNotMatch,
        ColdkeySwapAlreadyDisputed,
        NewColdKeyIsHotkey,
        InvalidChildkeyTake,
        TxChildkeyTakeRateLimitExceeded,
        InvalidIdentity,
        /// There is no such subnet or mechanism.
        MechanismDoesNotExist,
        StakeUnavailable,
        /// There is no such subnet.
        SubnetNotExists,
        /// Ten commits wait to be revealed.
        TooManyUnrevealedCommits,
        /// The commit is too old to be revealed.
        ExpiredWeightCommit,
        /// The epoch to reveal in has not come.
        RevealTooEarly,
        InputLengthsUnequal,
        /// The subnet's blocks between two submissions have not passed.
        CommittingWeightsTooFast,
        AmountTooLow,
        InsufficientLiquidity,
        SlippageTooHigh,
        TransferDisallowed,
        ActivityCutoffTooLow,
        CallDisabled,
        FirstEmissionBlockNumberAlreadySet,
        NeedWaitingMoreBlocksToStarCall,
        NotEnoughAlphaOutToRecycle,
        CannotBurnOrRecycleOnRootSubnet,
        UnableToRecoverPublicKey,
        InvalidRecoveredPublicKey,
        SubtokenDisabled,
        HotKeySwapOnSubnetIntervalNotPassed,
        KeepStakeBlockedByCollateral,
        SameNetuid,
        InsufficientTaoBalance,
        InvalidLeaseBeneficiary,
        LeaseCannotEndInThePast,
        LeaseNetuidNotFound,
        LeaseDoesNotExist,
        LeaseHasNoEndBlock,
        LeaseHasNotEnded,
        Overflow,
        BeneficiaryDoesNotOwnHotkey,
        ExpectedBeneficiaryOrigin,
        AdminActionProhibitedDuringWeightsWindow,
        SymbolDoesNotExist,
        SymbolAlreadyInUse,
        /// The commit's version is not the chain's.
        IncorrectCommitRevealVersion,
        /// The round to reveal at has passed.
        InvalidRevealRound,
        RevealPeriodTooLarge,
        RevealPeriodTooSmall,
        InvalidValue,
        SubnetLimitReached,
        CannotAffordLockCost,
        EvmKeyAssociateRateLimitExceeded,
        EvmKeyAssociationLimitExceeded,
        SameAutoStakeHotkeyAlreadySet,
        UidMapCouldNotBeCleared,
        TrimmingWouldExceedMaxImmunePercentage,
        ChildParentInconsistency,
        InvalidRootClaimThreshold,
        TooManyUIDsPerMechanism,
        VotingPowerTrackingNotEnabled,
        InvalidVotingPowerEmaAlpha,
        Deprecated,
        SubnetBuybackRateLimitExceeded,
        NetworkDissolveAlreadyQueued,
        AddStakeBurnRateLimitExceeded,
        ColdkeySwapAnnounced,
        ColdkeySwapDisputed,
        ColdkeySwapClearTooEarly,
        DisabledTemporarily,
        RegistrationPriceLimitExceeded,
        LockHotkeyMismatch,
        InsufficientStakeForLock,
        NoExistingLock,
        ActiveLockExists,
        CannotUseSystemAccount,
        UnlockAmountTooHigh,
        WaitingForDissolvedSubnetCleanup,
        TempoOutOfBounds,
        ActivityCutoffFactorMilliOutOfBounds,
        EpochTriggerAlreadyPending,
        AutoEpochAlreadyImminent,
        DynamicTempoBlockedByCommitReveal,
        AccountRejectsLockedAlpha,
        LockIdOverFlow,
        StartCallNotReady,
        InsufficientAlphaBalance,
        ColdkeyCollateralIncomplete,
        ColdkeyCollateralPositionsFull,
        BasketHasNoWeights,
        RootStakeLocked,
        BetaBasketSeedInProgress,
        RootWeightSettingDisabled,
        RootClaimTooHeavy,
        BasketConcentrationCapExceeded,
        BasketDepositPending,
        BasketTradingDisabled,
        BasketTradingFrozen,
        BasketTurnoverBudgetExceeded,
        BasketSameSubnet,
        BasketLiquidityCapExceeded,
        BasketMinOutNotMet,
    }
}
