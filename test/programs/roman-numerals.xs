// Both directions in one function
function "roman-numerals" {
  input {
    int number?
    text roman?
  }

  stack {
    var $table {
      value = [
        {value: 1000, symbol: "M"}
        {value: 900, symbol: "CM"}
        {value: 500, symbol: "D"}
        {value: 400, symbol: "CD"}
        {value: 100, symbol: "C"}
        {value: 90, symbol: "XC"}
        {value: 50, symbol: "L"}
        {value: 40, symbol: "XL"}
        {value: 10, symbol: "X"}
        {value: 9, symbol: "IX"}
        {value: 5, symbol: "V"}
        {value: 4, symbol: "IV"}
        {value: 1, symbol: "I"}
      ]
    }

    conditional {
      if ($input.roman == "") {
        var $left {
          value = $input.number
        }
        var $result {
          value = ""
        }
        foreach ($table) {
          each as $entry {
            while ($left >= $entry.value) {
              each {
                text.append $result {
                  value = $entry.symbol
                }
                math.sub $left {
                  value = $entry.value
                }
              }
            }
          }
        }
      }
      else {
        var $result {
          value = 0
        }
        var $left {
          value = $input.roman|to_upper
        }
        foreach ($table) {
          each as $entry {
            while ($left|starts_with:$entry.symbol) {
              each {
                math.add $result {
                  value = $entry.value
                }
                var $left {
                  value = $left|substr:($entry.symbol|strlen)
                }
              }
            }
          }
        }
      }
    }
  }

  response = $result
}
