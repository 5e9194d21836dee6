"""What a shopper who has paid is given: a numbered receipt in every form, and the pass that opens the gate."""
